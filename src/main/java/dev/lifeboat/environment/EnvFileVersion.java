package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A version that stands as a variable in compose's file of environment variables. The file is replaced in one move, with its
 * owner's permissions, and all that it says besides stays; then compose creates the service's container anew.
 */
final class EnvFileVersion implements VersionControl {
    private final VersionBinding.EnvFile binding;

    EnvFileVersion(VersionBinding.EnvFile binding) {
        this.binding = binding;
    }

    @Override
    public boolean isControlled() {
        return true;
    }

    @Override
    public Optional<String> current() {
        return lines().stream()
                .filter(this::names)
                .reduce((earlier, later) -> later)
                .map(line -> line.substring(line.indexOf('=') + 1).strip())
                .map(value -> value.replaceAll("^(['\"])(.*)\\1$", "$2"))
                .filter(value -> FORM.matcher(value).matches());
    }

    @Override
    public ServiceControl.Outcome set(String version) {
        String wanted = permitted(version);
        String said = binding.variable() + "=" + wanted;
        var changed = new ArrayList<String>();
        boolean there = false;
        for (String line : lines()) {
            changed.add(names(line) ? said : line);
            there |= names(line);
        }
        if (!there) {
            changed.add(said);
        }
        write(changed);
        ServiceControl.Outcome deployed = new ComposeControl(binding.compose()).deploy(binding.limit());
        return new ServiceControl.Outcome(
                true, deployed.succeeded(), ServiceProgram.lines(binding.file() + ": " + said, deployed.log()));
    }

    private boolean names(String line) {
        return line.strip().startsWith(binding.variable() + "=");
    }

    private List<String> lines() {
        try {
            return Files.readAllLines(binding.file());
        } catch (IOException e) {
            throw failed("can't be read", e);
        }
    }

    private void write(List<String> lines) {
        Path file = binding.file();
        Path fresh = file.resolveSibling("." + file.getFileName() + ".lifeboat");
        try {
            // Such a file often holds passwords: the new one is never open to more people than the old one.
            Files.deleteIfExists(fresh);
            Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                var bytes =
                        java.nio.ByteBuffer.wrap((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            if (!Files.getOwner(fresh).equals(Files.getOwner(file))) {
                Files.setOwner(fresh, Files.getOwner(file));
            }
            Files.setPosixFilePermissions(fresh, Files.getPosixFilePermissions(file));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw failed("can't be written", e);
        }
    }

    private FaultException failed(String how, IOException cause) {
        return Fault.of(
                        FaultCode.SERVICE_FAILED,
                        "the file " + binding.file() + " that holds " + binding.variable() + " " + how
                                + "; the version was not changed",
                        "Mend version.env-file of the environment, or the file's owner and permissions.")
                .with("tool_output", String.valueOf(cause.getMessage()))
                .toException(cause);
    }
}
