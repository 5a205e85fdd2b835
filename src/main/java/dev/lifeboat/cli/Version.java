package dev.lifeboat.cli;

import dev.lifeboat.host.BuildVersion;
import java.io.IOException;
import picocli.CommandLine;

/** What {@code --version} tells: Lifeboat's version, as the build has it, and what it runs on. */
final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        return new String[] {
            "lifeboat " + BuildVersion.LIFEBOAT.read(),
            "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
        };
    }
}
