package dev.lifeboat.host;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Optional;

/**
 * How the owner of a data folder is reached: {@code <data-dir>/endpoint}, readable by its owner only.
 *
 * @param url where the engine answers
 * @param token lets in
 * @param pid the owner's process id
 * @param startedAt when it began to answer (UTC)
 */
public record Endpoint(URI url, String token, long pid, Instant startedAt) {
    /** A server that no data folder of this machine tells. */
    public static Endpoint of(URI url, String token) {
        return new Endpoint(url, token, ProcessHandle.current().pid(), Instant.now());
    }

    /** The endpoint that the folder tells, where the process that wrote it still lives. */
    public static Optional<Endpoint> read(Path dataDir) throws IOException {
        Path file = file(dataDir);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Json.mapper().readValue(Files.readString(file), Endpoint.class))
                    .filter(endpoint -> ProcessHandle.of(endpoint.pid()).isPresent());
        } catch (JsonProcessingException e) {
            // A file that was cut short by the death of its writer tells nothing: nobody owns the folder.
            return Optional.empty();
        }
    }

    /** Tells the folder; whole or not at all. */
    void write(Path dataDir) throws IOException {
        Path fresh = Files.createTempFile(
                dataDir,
                ".endpoint",
                "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, Json.pretty(this));
        Files.move(fresh, file(dataDir), StandardCopyOption.ATOMIC_MOVE);
    }

    static void remove(Path dataDir) throws IOException {
        Files.deleteIfExists(file(dataDir));
    }

    /** Without the token, which must not get into a log. */
    @Override
    public String toString() {
        return "engine at " + url + " (pid " + pid + ")";
    }

    private static Path file(Path dataDir) {
        return dataDir.resolve("endpoint");
    }
}
