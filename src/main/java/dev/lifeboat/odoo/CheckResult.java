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
 * @param actual what is
 * @param details what is wrong or worth knowing, one a line, at most a hundred; never the content of a row
 * @param reason why the check was not applicable; blank where it was
 */
public record CheckResult(
        String name, Outcome outcome, String expected, String actual, List<String> details, String reason) {
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

    static final int MOST_DETAILS = 100;

    public CheckResult {
        details = List.copyOf(details.subList(0, Math.min(details.size(), MOST_DETAILS)));
    }

    static CheckResult passed(ValidationCheck check, String actual, List<String> details) {
        return new CheckResult(check.name(), Outcome.PASSED, check.expected(), actual, details, "");
    }

    static CheckResult failed(ValidationCheck check, String actual, List<String> details) {
        return new CheckResult(check.name(), Outcome.FAILED, check.expected(), actual, details, "");
    }

    static CheckResult notApplicable(ValidationCheck check, String reason) {
        return new CheckResult(check.name(), Outcome.NOT_APPLICABLE, check.expected(), "", List.of(), reason);
    }
}
