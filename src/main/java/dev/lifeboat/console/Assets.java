package dev.lifeboat.console;

import dev.lifeboat.digest.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The console's style and script. */
final class Assets {
    /** A digest of them. */
    static final String VERSION = version();

    private Assets() {}

    private static String version() {
        var digests = new StringBuilder();
        for (String name : new String[] {"console.css", "console.js"}) {
            try (InputStream in = Assets.class.getResourceAsStream("/META-INF/resources/console/assets/" + name)) {
                digests.append(Hashes.sha256(in));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return Hashes.sha256(digests.toString()).substring(0, 12);
    }
}
