package dev.lifeboat.cli;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine;

/** Where a process that serves listens, and what has to hold before it does. */
final class Listening {
    @CommandLine.Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Address to listen on (default: 127.0.0.1).")
    String host = "127.0.0.1";

    @CommandLine.Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Port to listen on; 0: any free one (default: ${DEFAULT-VALUE}).",
            showDefaultValue = CommandLine.Help.Visibility.NEVER)
    int port;

    Listening(int port) {
        this.port = port;
    }

    /**
     * Refuses an address that others can reach where no token keeps them out.
     *
     * @param setting what sets the token
     */
    void refuseOpen(String setting, Optional<String> token) {
        if (!address().isLoopbackAddress() && token.isEmpty()) {
            throw Command.usage(
                            "to listen on " + host + ", which others can reach, a token has to be configured",
                            "Set " + setting + " in config/application.yaml, or "
                                    + setting.replaceAll("[.-]", "_").toUpperCase(Locale.ROOT)
                                    + " in the environment.")
                    .toException();
        }
    }

    /** Takes the data folder. */
    static DataFolder take(Settings settings) {
        return DataFolder.take(settings.dataDir()).orElseThrow(() -> Fault.of(
                        FaultCode.DATA_FOLDER_IN_USE,
                        "another Lifeboat" + holder(settings) + " already uses the data folder "
                                + settings.dataDir().toAbsolutePath(),
                        "Use that one, end it, or take another folder with --data-dir.")
                .toException());
    }

    private InetAddress address() {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw Command.usage(
                            "--host " + host + " is no address of this machine", "Give an address, such as 127.0.0.1.")
                    .toException(e);
        }
    }

    private static String holder(Settings settings) {
        try {
            return DataFolder.holder(settings.dataDir())
                    .map(pid -> " (process " + pid + ")")
                    .orElse("");
        } catch (IOException e) {
            // the sentence is true without the number
            return "";
        }
    }
}
