package dev.lifeboat.deployment;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * Something that is wrong after a deployment.
 *
 * @param check what was looked at
 * @param weight whether it must not wait
 * @param data whether the data is damaged, so that another version alone mends nothing
 * @param expected what should be
 * @param found what is; never the content of a row
 */
public record Finding(String check, Weight weight, boolean data, String expected, String found) {
    /** The two lists of triggers of the rollback specification ("When to Rollback"). */
    public enum Weight {
        /** Rolled back without discussion. */
        IMMEDIATE,
        /** For people to weigh. */
        WEIGH;

        /** The name in evidence. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** One line. */
    public String told() {
        return check + ": " + found;
    }
}
