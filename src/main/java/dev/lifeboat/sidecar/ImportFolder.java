package dev.lifeboat.sidecar;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.store.ObjectKey;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The folder of the data folder in which files lie that are to be imported. */
public final class ImportFolder {
    private ImportFolder() {}

    /** The folder; it need not be there. */
    public static Path of(Path dataFolder) {
        return dataFolder.toAbsolutePath().normalize().resolve("imports");
    }

    /**
     * A file in it, by its plain name.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the name is none of a file there
     */
    public static Path file(Path dataFolder, String name) {
        Path folder = of(dataFolder);
        if (!ObjectKey.isSegment(name) || !Files.isRegularFile(folder.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "there is no file '" + name + "' in " + folder,
                            "Put the zip there and give its plain name; `lifeboat artifact import FILE.zip` does both.")
                    .toException();
        }
        return folder.resolve(name);
    }
}
