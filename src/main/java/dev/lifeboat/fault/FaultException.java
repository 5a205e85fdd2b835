package dev.lifeboat.fault;

import java.util.Objects;

/** Carries a {@link Fault} out of a call that cannot go on. The boundary turns it back into the fault. */
public final class FaultException extends RuntimeException {
    private final transient Fault fault;

    FaultException(Fault fault, Throwable cause) {
        super(fault.code() + ": " + fault.message(), cause);
        this.fault = Objects.requireNonNull(fault);
    }

    /** What went wrong. */
    public Fault fault() {
        return fault;
    }
}
