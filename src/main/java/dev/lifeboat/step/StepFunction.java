package dev.lifeboat.step;

/**
 * One function of the set. Calling it again for the same run and attempt is harmless: it finds what the first call did.
 * Expected trouble is a {@link StepResult}; a {@link dev.lifeboat.fault.FaultException} that leaves {@link #apply} counts
 * as a failed step.
 */
public interface StepFunction {
    /** The function's name: its folder under {@code functions/}, its path over HTTP. */
    String name();

    /** Does the step, or asks how far it is. */
    StepResult apply(StepRequest request);
}
