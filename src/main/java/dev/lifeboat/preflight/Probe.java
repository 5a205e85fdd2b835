package dev.lifeboat.preflight;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.util.function.Supplier;

/** Turns a look at something into a check: what it says when it answers, the fault when it does not. */
final class Probe {
    private Probe() {}

    static Check check(String name, String lookedAt, Supplier<String> look) {
        try {
            return Check.passed(name, lookedAt, look.get());
        } catch (FaultException e) {
            return Check.failed(name, lookedAt, e.fault());
        }
    }

    static Fault permission(String user, String project, String action) {
        return Fault.of(
                FaultCode.PERMISSION_DENIED,
                "'" + user + "' may not " + action + " in project " + project,
                "Ask an admin of the project for a role that may.");
    }
}
