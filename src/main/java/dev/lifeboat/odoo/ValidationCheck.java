package dev.lifeboat.odoo;

import java.sql.SQLException;

/** One of the checks of a validation. Stateless; reads only. */
public interface ValidationCheck {
    /** The check's name in the report. */
    String name();

    /** What should be. */
    String expected();

    /** Whether passing it proves that data is there, not only that nothing speaks against it. */
    default boolean provesData() {
        return false;
    }

    /**
     * Looks.
     *
     * @throws SQLException where the database refuses or fails; counts as failed
     */
    CheckResult run(ValidationContext context) throws SQLException;
}
