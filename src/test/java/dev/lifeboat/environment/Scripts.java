package dev.lifeboat.environment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** Small real programs that manage a small real process, whose id stands in the file {@code pid}. */
final class Scripts {
    static final String START = """
            if [ -f pid ] && kill -0 "$(cat pid)" 2>/dev/null; then echo already running; exit 0; fi
            sleep 300 </dev/null >/dev/null 2>&1 &
            echo $! > pid
            echo started
            """;
    static final String STOP = """
            [ -f pid ] || { echo not running; exit 0; }
            kill "$(cat pid)" 2>/dev/null
            while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.02; done
            rm pid
            echo stopped
            """;
    static final String STATUS = "[ -f pid ] && kill -0 \"$(cat pid)\" 2>/dev/null";

    private Scripts() {}

    /** Writes a script that works in its own folder. */
    static Path write(Path folder, String name, String body) throws IOException {
        Path script = folder.resolve(name);
        Files.writeString(script, "#!/bin/sh\ncd '" + folder + "' || exit 99\n" + body + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    static Optional<ProcessHandle> process(Path folder) {
        Path pid = folder.resolve("pid");
        try {
            return Files.exists(pid)
                    ? ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
                            .filter(ProcessHandle::isAlive)
                    : Optional.empty();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
