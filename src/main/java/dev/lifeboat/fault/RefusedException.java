package dev.lifeboat.fault;

import java.util.List;

/** What was asked for was not begun, because of one or more findings; nothing was touched. */
public final class RefusedException extends RuntimeException {
    private final transient List<Fault> findings;

    /** A refusal; there is at least one finding. */
    public RefusedException(List<Fault> findings) {
        super(findings.getFirst().message());
        this.findings = List.copyOf(findings);
    }

    /** All that does not hold. */
    public List<Fault> findings() {
        return findings;
    }
}
