package dev.lifeboat.access;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.Arrays;
import java.util.Locale;

/** What a member of a project is there; what each may do stands in the state ({@code ops.member_has_permission}). */
public enum Role {
    VIEWER,
    OPERATOR,
    RESTORER,
    ADMIN;

    /** The name in the state and on the wire. */
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads {@link #wireName}.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT
     */
    @JsonCreator
    public static Role of(String wireName) {
        return Arrays.stream(values())
                .filter(role -> role.wireName().equals(wireName))
                .findFirst()
                .orElseThrow(() -> Fault.of(
                                FaultCode.BAD_INPUT,
                                "'" + wireName + "' is no role",
                                "Use viewer, operator, restorer or admin.")
                        .toException());
    }
}
