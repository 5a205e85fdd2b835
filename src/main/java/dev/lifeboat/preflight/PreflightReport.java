package dev.lifeboat.preflight;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lifeboat.evidence.Redactor;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.RefusedException;
import java.util.List;
import java.util.Optional;

/** All preconditions of an operation, in the order of the specification. */
public record PreflightReport(List<Check> checks) {
    public PreflightReport {
        checks = List.copyOf(checks);
    }

    /** Whether nothing speaks against it. */
    @JsonProperty
    public boolean ok() {
        return checks.stream().noneMatch(check -> check.status() == Check.Status.FAILED);
    }

    /** What is wrong. */
    public List<Fault> findings() {
        return checks.stream().map(Check::fault).flatMap(Optional::stream).toList();
    }

    /** The report as it may be shown. */
    public PreflightReport redacted(Redactor redactor) {
        return new PreflightReport(
                checks.stream().map(check -> check.redacted(redactor)).toList());
    }

    /** Throws {@link RefusedException} with all findings where there is one. */
    public void orRefuse() {
        List<Fault> findings = findings();
        if (!findings.isEmpty()) {
            throw new RefusedException(findings);
        }
    }
}
