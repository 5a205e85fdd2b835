package dev.lifeboat.environment;

import dev.lifeboat.fault.FaultException;
import java.time.Instant;
import java.util.Optional;

/**
 * Stops and starts an environment's Odoo. A service that is already as it should be is no failure. Implementations are
 * thread-safe and hold nothing.
 */
public interface ServiceControl {
    /**
     * What a stop or a start did.
     *
     * @param controlled whether Lifeboat controls the service at all
     * @param succeeded whether the service is as it should be; true where it is not controlled
     * @param log what was run and what it said, for evidence
     */
    record Outcome(boolean controlled, boolean succeeded, String log) {}

    /** The control that a binding asks for. */
    static ServiceControl of(ServiceBinding binding) {
        return switch (binding) {
            case ServiceBinding.None none -> new NoServiceControl();
            case ServiceBinding.Systemd systemd -> new SystemdControl(systemd, Optional.empty());
            case ServiceBinding.Compose compose -> new ComposeControl(compose);
            case ServiceBinding.Kubernetes kubernetes -> new KubernetesControl(kubernetes);
            case ServiceBinding.Command command -> new CommandControl(command);
        };
    }

    /**
     * Stops the service: gracefully, and by force where it has not stopped within the limit. One that Lifeboat does not
     * control is left alone, and the outcome says so. An outcome that did not succeed tells in its log why.
     *
     * @throws FaultException SERVICE_FAILED where the program that does it can't be run
     */
    Outcome stop();

    /** Starts the service; outcome and faults as for {@link #stop}. */
    Outcome start();

    /**
     * Looks whether the service is there and its manager answers, and changes nothing.
     *
     * @return what was seen, in one line
     * @throws FaultException SERVICE_FAILED where either is not so, with what the manager said
     */
    String examine();

    /**
     * Whether the service runs; empty where that is not known.
     *
     * @throws FaultException SERVICE_FAILED where the program that tells can't be run
     */
    Optional<Boolean> isRunning();

    /**
     * What the service has logged since an instant (UTC), oldest first, at most the last 16 MiB; empty where its manager
     * keeps no log, or does not give it.
     */
    Optional<String> logs(Instant since);
}
