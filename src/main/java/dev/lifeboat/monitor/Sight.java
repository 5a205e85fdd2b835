package dev.lifeboat.monitor;

import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.Health;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.postgres.DatabaseServer;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * What can be seen of an environment from this process, now (operations specification, "Monitoring Alerts"). What can't be looked at is
 * empty, and says nothing of the environment. Each look takes as long as what is asked takes to answer, some ten seconds at most.
 */
public final class Sight {
    private static final Logger LOG = Logger.getLogger(Sight.class);
    private static final Duration ANSWER = Duration.ofSeconds(10);

    private Sight() {}

    /**
     * How much of something is used.
     *
     * @param used bytes
     * @param total bytes, more than none
     */
    public record Use(long used, long total) {
        /** From 0 to 1. */
        public double share() {
            return (double) used / total;
        }
    }

    /** Why its database does not answer; empty: it does. */
    public static Optional<Fault> databaseTrouble(Bindings bindings) {
        String name = bindings.database().name();
        try (var connection = new DatabaseServer(bindings.database()).connect(name, ANSWER);
                var statement = connection.createStatement()) {
            statement.execute("SELECT 1");
            return Optional.empty();
        } catch (FaultException e) {
            return Optional.of(e.fault());
        } catch (SQLException e) {
            return Optional.of(Fault.of(
                            FaultCode.DATABASE_QUERY_FAILED,
                            "database '" + name + "' does not answer",
                            "Look at the server's log.")
                    .with("tool_output", e.getMessage()));
        }
    }

    /** Whether Odoo's pages answer, where its address is known. */
    public static Optional<Boolean> healthy(Bindings bindings) {
        Health.Report report = new Health(bindings).once();
        return report.applicable() ? Optional.of(report.healthy()) : Optional.empty();
    }

    /** Whether its service runs, where it is known how to ask. */
    public static Optional<Boolean> serviceRuns(Bindings bindings) {
        try {
            return ServiceControl.of(bindings.service()).isRunning();
        } catch (FaultException e) {
            LOG.debugf("service of %s: %s", bindings.environment(), e.getMessage());
            return Optional.empty();
        }
    }

    /** The volume that holds a folder. */
    public static Optional<Use> volume(Path folder) {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try {
            FileStore volume = Files.getFileStore(folder);
            long total = volume.getTotalSpace();
            return total > 0 ? Optional.of(new Use(total - volume.getUsableSpace(), total)) : Optional.empty();
        } catch (IOException e) {
            LOG.debugf("volume of %s: %s", folder, e.getMessage());
            return Optional.empty();
        }
    }
}
