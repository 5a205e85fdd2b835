package dev.lifeboat.odoo;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.Optional;

/** Asks a running Odoo for a record of a model. */
public final class SmokeRead {
    private SmokeRead() {}

    /**
     * Why no record of the model could be read through Odoo's API; empty: one could.
     *
     * @throws dev.lifeboat.fault.FaultException CANCELLED
     */
    public static Optional<String> problem(Bindings bindings, String model) {
        if (bindings.url().isEmpty() || bindings.rpc().isEmpty()) {
            return Optional.of("Odoo's API is not configured: it needs url, rpc.login and rpc.key");
        }
        try (var rpc = new OdooRpc(
                bindings.url().get(), bindings.database().name(), bindings.rpc().get())) {
            return switch (rpc.search(model)) {
                case OdooRpc.Answer.Records records ->
                    records.count() > 0 ? Optional.empty() : Optional.of("Odoo finds no record of " + model);
                case OdooRpc.Answer.NotLetIn out -> Optional.of("Odoo's API does not let the user in: " + out.reason());
                case OdooRpc.Answer.Unreachable gone -> Optional.of("Odoo's API does not answer: " + gone.reason());
                case OdooRpc.Answer.Refused refused -> Optional.of("Odoo can't read it: " + refused.reason());
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "the read of " + model + " was ended on request", "Start it again.")
                    .toException(e);
        }
    }
}
