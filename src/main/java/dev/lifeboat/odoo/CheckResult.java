package dev.lifeboat.odoo;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;

/**
 * What a validation check found.
 *
 * @param name the check
 * @param outcome whether it passed
 * @param expected what should be
 * @param actual what is; where the check is not applicable: why
 * @param details names of what is wrong, at most a hundred
 */
public record CheckResult(String name, Outcome outcome, String expected, String actual, List<String> details) {
    /** How a check went. A check without ground says so and never passes. */
    public enum Outcome {
        PASSED,
        FAILED,
        NOT_APPLICABLE;

        /** The name in evidence. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int MOST_DETAILS = 100;

    public CheckResult {
        details = List.copyOf(details.subList(0, Math.min(details.size(), MOST_DETAILS)));
    }

    static CheckResult of(String name, String expected, String actual, List<String> wrong) {
        return new CheckResult(name, wrong.isEmpty() ? Outcome.PASSED : Outcome.FAILED, expected, actual, wrong);
    }

    static CheckResult notApplicable(String name, String expected, String why) {
        return new CheckResult(name, Outcome.NOT_APPLICABLE, expected, why, List.of());
    }
}
