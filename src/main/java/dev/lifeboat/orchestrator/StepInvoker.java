package dev.lifeboat.orchestrator;

import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;

/** How the orchestrator calls a function. */
public interface StepInvoker {
    /**
     * Calls the function {@code name}. What goes wrong in the function comes back as an answer; only a call of which nobody
     * knows whether it arrived throws.
     */
    StepResponse invoke(String name, StepRequest request);
}
