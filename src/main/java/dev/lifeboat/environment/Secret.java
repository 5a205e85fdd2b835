package dev.lifeboat.environment;

/** A value that is never printed: its text form is {@code [REDACTED]}. */
public record Secret(String value) {
    /** No secret at all. */
    public static final Secret NONE = new Secret("");

    /** Whether there is one. */
    public boolean isPresent() {
        return !value.isEmpty();
    }

    @Override
    public String toString() {
        return isPresent() ? "[REDACTED]" : "";
    }
}
