package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.List;

/** The exit codes of the command line. They are stable. */
final class ExitCode {
    static final int SUCCESS = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int PRECONDITION = 3;
    static final int ROLLED_BACK = 4;
    static final int CANCELLED = 5;
    /** The user left before the run had ended; as shells tell a Ctrl-C. */
    static final int LEFT = 130;

    private ExitCode() {}

    static int of(FaultCode code) {
        return switch (code.kind()) {
            case USAGE -> USAGE;
            case PRECONDITION -> PRECONDITION;
            case FAILURE -> FAILED;
        };
    }

    /** Of preconditions that do not hold: whatever is wrong, nothing was begun. */
    static int ofFindings(List<Fault> findings) {
        return findings.stream().allMatch(finding -> of(finding.code()) == USAGE) ? USAGE : PRECONDITION;
    }

    /** The exit code that tells a run's end. */
    static int ofRun(JsonNode run) {
        String code = run.path("fault").path("code").asText();
        if (code.equals(FaultCode.CONTENT_DIFFERS.name()) || code.equals(FaultCode.TABLES_CONFLICT.name())) {
            return PRECONDITION;
        }
        return switch (run.path("status").asText()) {
            case "success" -> SUCCESS;
            case "rolled_back" -> ROLLED_BACK;
            case "cancelled" -> CANCELLED;
            default -> FAILED;
        };
    }
}
