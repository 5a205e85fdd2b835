package dev.lifeboat.orchestrator;

import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.run.Sweeps;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import org.jboss.logging.Logger;

/** Has what restores displaced dropped when the time for which it is kept is over. */
@ApplicationScoped
public class DisplacedSweep implements Sweeps {
    private static final Logger LOG = Logger.getLogger(DisplacedSweep.class);

    private static final String EVERY = "10m";

    private final RunStore runs;
    private final Operations operations;
    private final Duty duty;

    DisplacedSweep(RunStore runs, Operations operations, Duty duty) {
        this.runs = runs;
        this.operations = operations;
        this.duty = duty;
    }

    @Scheduled(every = EVERY, delayed = "1m", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        duty.byTheClock(this::dropWhatIsOver);
    }

    @Override
    public List<Sweep> sweeps() {
        return List.of(new Sweep("displaced", EVERY, this::dropWhatIsOver));
    }

    private void dropWhatIsOver() {
        for (String runId : runs.keepingDisplaced()) {
            RunSnapshot restore = runs.load(runId);
            Instant until =
                    Instant.parse(restore.metadata().path("displaced_until").asText());
            if (until.isBefore(restore.now())) {
                try {
                    operations.discard(runId, restore.createdBy());
                } catch (FaultException e) {
                    LOG.warnf("what run %s displaced was not dropped: %s", runId, e.getMessage());
                }
            }
        }
    }
}
