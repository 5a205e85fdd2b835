package dev.lifeboat.sidecar;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** The token that a sidecar lets callers in with. It is not the one of the API: who may do tasks may not ask for runs. */
public final class SidecarToken {
    private static final Set<PosixFilePermission> OWNER =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private SidecarToken() {}

    /**
     * The configured token; empty where none is.
     *
     * @throws FaultException BAD_CONFIGURATION where its file can't be read, or can be read by others than its owner
     */
    public static Optional<Secret> of(LifeboatConfig.Sidecar sidecar) {
        return sidecar.token()
                .or(() -> sidecar.tokenFile().map(SidecarToken::read))
                .filter(token -> !token.isBlank())
                .map(Secret::new);
    }

    private static String read(Path file) {
        try {
            if (!OWNER.containsAll(Files.getPosixFilePermissions(file))) {
                throw unusable("the sidecar's token file " + file + " can be read by others than its owner");
            }
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw unusable("the sidecar's token file can't be read: " + DurableFiles.reason(e));
        }
    }

    /** No token is configured, and nothing goes without. */
    static FaultException missing() {
        return unusable("a sidecar is configured, but no token that it lets callers in with");
    }

    private static FaultException unusable(String what) {
        return Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        what,
                        "Set LIFEBOAT_SIDECAR_TOKEN in the environment, or lifeboat.sidecar.token-file to a file of mode 0600.")
                .toException();
    }
}
