package dev.lifeboat.orchestrator;

import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.Duty;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import org.jboss.logging.Logger;

/** Has what restores displaced dropped when the time for which it is kept is over. */
@ApplicationScoped
public class DisplacedSweep {
    private static final Logger LOG = Logger.getLogger(DisplacedSweep.class);

    private final RunStore runs;
    private final Operations operations;
    private final Duty duty;

    DisplacedSweep(RunStore runs, Operations operations, Duty duty) {
        this.runs = runs;
        this.operations = operations;
        this.duty = duty;
    }

    @Scheduled(every = "10m", delayed = "1m", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void sweep() {
        duty.whileOn(this::dropWhatIsOver);
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
