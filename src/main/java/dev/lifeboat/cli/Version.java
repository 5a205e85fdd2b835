package dev.lifeboat.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** What {@code --version} tells: Lifeboat's version, as the build has it, and what it runs on. */
final class Version implements CommandLine.IVersionProvider {
    private static final String RESOURCE = "/lifeboat.version";

    @Override
    public String[] getVersion() {
        return new String[] {
            "lifeboat " + lifeboat(),
            "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
        };
    }

    private static String lifeboat() {
        try (InputStream in = Version.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + " is not in the program");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
