package dev.lifeboat.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What went wrong, as RFC 9457 problem details. {@code kind} (usage, precondition, failure) gives a command its exit code.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Problem(
        String type,
        String title,
        int status,
        String detail,
        FaultCode code,
        String kind,
        Map<String, String> facts,
        String remedy,
        List<Fault> findings) {
    static Problem of(Fault fault, List<Fault> findings) {
        return new Problem(
                "about:blank",
                fault.code().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                status(fault.code()),
                fault.message(),
                fault.code(),
                fault.code().kind().name().toLowerCase(Locale.ROOT),
                fault.facts(),
                fault.remedy(),
                findings);
    }

    /** The same problem under another HTTP status. */
    Problem withStatus(int other) {
        return new Problem(type, title, other, detail, code, kind, facts, remedy, findings);
    }

    private static int status(FaultCode code) {
        return switch (code) {
            case UNKNOWN_ARTIFACT,
                    UNKNOWN_ENVIRONMENT,
                    UNKNOWN_PROJECT,
                    UNKNOWN_RUN,
                    UNKNOWN_TASK,
                    UNKNOWN_TOKEN,
                    EVIDENCE_MISSING -> 404;
            case PERMISSION_DENIED -> 403;
            case RUN_ACTIVE, TOO_LATE -> 409;
            case SIDECAR_BUSY, STATE_UNAVAILABLE -> 503;
            default ->
                switch (code.kind()) {
                    case USAGE -> 400;
                    case PRECONDITION -> 412;
                    case FAILURE -> 500;
                };
        };
    }
}
