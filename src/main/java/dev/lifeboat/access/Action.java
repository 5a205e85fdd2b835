package dev.lifeboat.access;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What {@code ops.user_has_permission} knows as an action; which role may which stands there. */
public enum Action {
    VIEW,
    BACKUP,
    VERIFY,
    VALIDATE,
    REPLICATE,
    /** Restores, and whatever gives a backup's content away: a download holds all that the database holds. */
    RESTORE,
    PRUNE,
    /** Tokens, members, keys, the catalogue; and the functions, which are the orchestrator's to call. */
    ADMINISTER;

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
    public static Action of(String wireName) {
        return Arrays.stream(values())
                .filter(action -> action.wireName().equals(wireName))
                .findFirst()
                .orElseThrow(() -> Fault.of(
                                FaultCode.BAD_INPUT,
                                "'" + wireName + "' is no action",
                                "Use some of: "
                                        + Arrays.stream(values())
                                                .map(Action::wireName)
                                                .collect(Collectors.joining(", "))
                                        + ".")
                        .toException());
    }
}
