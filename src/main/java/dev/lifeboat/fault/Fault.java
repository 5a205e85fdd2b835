package dev.lifeboat.fault;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * One thing that went wrong, told so that a person can act.
 *
 * @param code what went wrong
 * @param message one sentence: what failed, on which object, and what is safe; never holds a secret
 * @param facts what was seen (names and values, the failing tool's own words under {@code tool_output})
 * @param remedy what to do next, never blank
 */
public record Fault(FaultCode code, String message, Map<String, String> facts, String remedy) {
    public Fault {
        Objects.requireNonNull(code, "code");
        Objects.requireNonNull(message, "message");
        facts = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(facts));
        if (remedy == null || remedy.isBlank()) {
            throw new IllegalArgumentException("a fault needs a remedy: " + code + ": " + message);
        }
    }

    /** A fault without further facts. */
    public static Fault of(FaultCode code, String message, String remedy) {
        return new Fault(code, message, Map.of(), remedy);
    }

    /** The same fault with one more fact. */
    public Fault with(String fact, Object value) {
        var more = new LinkedHashMap<>(facts);
        more.put(fact, String.valueOf(value));
        return new Fault(code, message, more, remedy);
    }

    /** The same fault as an exception, to leave a call that cannot go on. */
    public FaultException toException() {
        return new FaultException(this, null);
    }

    /** The same fault as an exception that keeps the cause for the log. */
    public FaultException toException(Throwable cause) {
        return new FaultException(this, cause);
    }
}
