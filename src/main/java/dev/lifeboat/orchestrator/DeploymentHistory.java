package dev.lifeboat.orchestrator;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.run.DeploymentStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * {@code deployments/history.log} of the data folder, in the operations specification's format: {@code timestamp | stack |
 * version | env | status | operator}; the stack is the project. A crash in the wrong instant writes a line twice, never not.
 */
@ApplicationScoped
class DeploymentHistory {
    private static final Logger LOG = Logger.getLogger(DeploymentHistory.class);

    private final DeploymentStore deployments;
    private final Path file;

    DeploymentHistory(DeploymentStore deployments, LifeboatConfig config) {
        this.deployments = deployments;
        this.file = config.dataDir().resolve("deployments").resolve("history.log");
    }

    /** Appends what is not in the file yet. A disk that takes nothing holds up no rollback: the next call tries again. */
    void write() {
        List<DeploymentStore.HistoryEntry> entries = deployments.unwritten();
        if (entries.isEmpty()) {
            return;
        }
        String lines = entries.stream().map(DeploymentHistory::line).collect(Collectors.joining());
        try {
            Files.createDirectories(file.getParent());
            try (FileChannel log = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
                ByteBuffer bytes = ByteBuffer.wrap(lines.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    log.write(bytes);
                }
                log.force(false);
            }
            deployments.written(entries.getLast().id());
        } catch (IOException e) {
            LOG.warnf("%s was not written; it is tried again: %s", file, e.getMessage());
        }
    }

    private static String line(DeploymentStore.HistoryEntry entry) {
        return String.join(
                        " | ",
                        entry.at().truncatedTo(ChronoUnit.SECONDS).toString(),
                        entry.environment().project(),
                        plain(entry.version()),
                        entry.environment().name(),
                        entry.status(),
                        plain(entry.operator()))
                + "\n";
    }

    /** What came in from outside neither ends a line nor begins a field. */
    private static String plain(String text) {
        return text.replaceAll("[|\\p{Cntrl}]", " ");
    }
}
