package dev.lifeboat.preflight;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.evidence.Redactor;
import dev.lifeboat.fault.Fault;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * One precondition.
 *
 * @param name what has to hold
 * @param lookedAt what was looked at
 * @param found what was seen
 * @param status whether it holds; {@code skipped} where it could not be looked at, and {@code found} says why
 * @param fault what is wrong; empty unless failed
 */
public record Check(String name, String lookedAt, String found, Status status, Optional<Fault> fault) {
    /** Whether a precondition holds. */
    @Schema(name = "CheckStatus")
    public enum Status {
        PASSED,
        FAILED,
        SKIPPED;

        /** The name on the wire. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Check passed(String name, String lookedAt, String found) {
        return new Check(name, lookedAt, found, Status.PASSED, Optional.empty());
    }

    static Check skipped(String name, String lookedAt, String why) {
        return new Check(name, lookedAt, why, Status.SKIPPED, Optional.empty());
    }

    static Check failed(String name, String lookedAt, Fault fault) {
        return new Check(name, lookedAt, fault.message(), Status.FAILED, Optional.of(fault));
    }

    /** Without the secrets that a server's own words may quote. */
    Check redacted(Redactor redactor) {
        return new Check(name, lookedAt, redactor.text(found), status, fault.map(told -> {
            var facts = new LinkedHashMap<String, String>();
            told.facts().forEach((fact, value) -> facts.put(fact, redactor.text(value)));
            return new Fault(told.code(), redactor.text(told.message()), facts, told.remedy());
        }));
    }

    /** What to do where the check failed; empty where it did not. */
    public String remedy() {
        return fault.map(Fault::remedy).orElse("");
    }
}
