package dev.lifeboat.run;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.sql.SQLException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;

/** Tells trouble with the server that holds the state from a bug: what was under way is done again when it is back. */
public final class StateFaults {
    /** Classes of SQLSTATE: no connection, an operator's intervention (the server stops or has crashed), too few resources. */
    private static final Set<String> NOT_THERE = Set.of("08", "57", "53");

    private StateFaults() {}

    /** The fault where an error comes of a state that can't be reached; empty for any other one. */
    public static Optional<Fault> of(Throwable error) {
        return isNotThere(error, Collections.newSetFromMap(new IdentityHashMap<>()))
                ? Optional.of(Fault.of(
                                FaultCode.STATE_UNAVAILABLE,
                                "the database that holds Lifeboat's state can't be reached; what was recorded there is safe",
                                "See that its server runs (quarkus.datasource.jdbc.url); what was under way is then done again.")
                        .with("error", error.getClass().getSimpleName()))
                : Optional.empty();
    }

    private static boolean isNotThere(Throwable error, Set<Throwable> seen) {
        if (error == null || !seen.add(error)) {
            return false;
        }
        if (error instanceof SQLException sql
                && sql.getSQLState() != null
                && sql.getSQLState().length() == 5
                && NOT_THERE.contains(sql.getSQLState().substring(0, 2))) {
            return true;
        }
        for (Throwable suppressed : error.getSuppressed()) {
            if (isNotThere(suppressed, seen)) {
                return true;
            }
        }
        return isNotThere(error.getCause(), seen);
    }
}
