package dev.lifeboat.orchestrator;

import dev.lifeboat.run.RequestKey;
import dev.lifeboat.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.function.Supplier;

/** Begins one run a request, also where it is sent again under the same key because no answer came. */
@ApplicationScoped
public class OncePerRequest {
    private final RunStore runs;

    OncePerRequest(RunStore runs) {
        this.runs = runs;
    }

    /**
     * Begins a run, or finds the one that the same request has begun.
     *
     * @param key empty: the request has none, and each begins a run
     * @param begin begins it; gives the run's id
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the key was used for another request
     */
    public String begin(String user, Optional<RequestKey> key, Supplier<String> begin) {
        return key.flatMap(known -> runs.begunBy(user, known))
                .orElseGet(() -> key.map(fresh -> once(user, fresh, begin)).orElseGet(begin));
    }

    /** Where the same request is served at the same time, the state lets one of the two create the run. */
    private String once(String user, RequestKey key, Supplier<String> begin) {
        try {
            return key.begin(begin);
        } catch (RuntimeException e) {
            return runs.begunBy(user, key).orElseThrow(() -> e);
        }
    }
}
