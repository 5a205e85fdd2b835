package dev.lifeboat.testing;

import dev.lifeboat.postgres.PostgresCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The end of a PostgreSQL server by kill -9, and its next start, as the machine's own watch over services would make it. */
public final class ServerCrash {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private ServerCrash() {}

    /**
     * Kills the postmaster, waits until its children have followed it (they hold its memory, and it can't start beside them), and starts
     * it on the same port. It is ready when this returns.
     *
     * @param folder the cluster's
     */
    public static PostgresCluster of(Path folder, PostgresCluster cluster) throws IOException, InterruptedException {
        Path data = folder.resolve("data");
        long postmaster = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).getFirst().strip());
        ProcessHandle.of(postmaster).orElseThrow().destroyForcibly();
        long end = System.nanoTime() + LIMIT.toNanos();
        while (isAnyOn(data)) {
            if (System.nanoTime() > end) {
                throw new AssertionError("processes of a killed server are still there: " + data);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return PostgresCluster.at(folder)
                .binaries(cluster.binaries())
                .durable(false)
                .port(cluster.port())
                .start();
    }

    private static boolean isAnyOn(Path data) {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.anyMatch(process -> isOn(process.pid(), data));
        }
    }

    private static boolean isOn(long pid, Path data) {
        try {
            return Files.isSameFile(Path.of("/proc", Long.toString(pid), "cwd"), data);
        } catch (IOException e) {
            // it has ended meanwhile, or is somebody else's
            return false;
        }
    }
}
