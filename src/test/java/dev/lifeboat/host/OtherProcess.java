package dev.lifeboat.host;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A process that takes a data folder, starts its state server where told to, says so, and waits to be killed. */
final class OtherProcess implements AutoCloseable {
    private final Process process;
    private final String said;

    private OtherProcess(Process process, String said) {
        this.process = process;
        this.said = said;
    }

    public static void main(String[] arguments) throws Exception {
        Optional<DataFolder> folder = DataFolder.take(Path.of(arguments[0]));
        if (folder.isEmpty()) {
            System.out.println("refused");
            return;
        }
        System.out.println(
                arguments[1].equals("state") ? StateServer.start(folder.get()).jdbcUrl() : "held");
        new CountDownLatch(1).await();
    }

    static OtherProcess holding(Path dataDir) throws IOException {
        return start(dataDir, "folder");
    }

    static OtherProcess withStateServer(Path dataDir) throws IOException {
        return start(dataDir, "state");
    }

    private static OtherProcess start(Path dataDir, String what) throws IOException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OtherProcess.class.getName(),
                        dataDir.toString(),
                        what))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        return new OtherProcess(process, out.readLine());
    }

    /** Its one line: {@code refused}, {@code held}, or the address of its state server. */
    String said() {
        return said;
    }

    long pid() {
        return process.pid();
    }

    /** As {@code kill -9} does; returns when the process is gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            throw new AssertionError("a killed process did not go");
        }
    }

    @Override
    public void close() {
        try {
            kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
