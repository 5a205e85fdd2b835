package dev.lifeboat.store;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;

/** A file with the key of encrypted stores, as age-keygen writes it. */
public final class KeyFile {
    private KeyFile() {}

    /**
     * Makes a new key in a file of its own (0600); gives its recipient, which is no secret.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the file exists already, or can't be written
     */
    public static String create(Path file) {
        AgeKeys keys = AgeKeys.fresh();
        String text =
                "# Lifeboat: the key of encrypted stores. Without it their artifacts can't be opened by anybody.\n"
                        + "# public key: " + keys.recipient() + "\n"
                        + keys.identities().getFirst() + "\n";
        try {
            DurableFiles.createNew(file.toAbsolutePath(), text.getBytes(StandardCharsets.US_ASCII));
        } catch (FileAlreadyExistsException e) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            file + " exists already; it was left as it is",
                            "Name a file that is not there yet. To use a new key, put its line before the old one's.")
                    .toException(e);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the key could not be written into " + file + ": " + DurableFiles.reason(e),
                            "Name a file in a folder that may be written.")
                    .toException(e);
        }
        return keys.recipient();
    }
}
