package dev.lifeboat.cli;

import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "sidecar",
        description =
                "Does the heavy tasks beside the data, for an engine or functions elsewhere, until it is stopped.",
        footer = {
            "",
            "It wants its own data folder, the engine's key (lifeboat.keys-dir), the same configuration of environments and",
            "stores, and a token (LIFEBOAT_SIDECAR_TOKEN, or lifeboat.sidecar.token-file).",
            "",
            "Example:  lifeboat sidecar --data-dir /var/lib/lifeboat-sidecar --port 8621"
        })
final class SidecarCommand extends Command {
    @CommandLine.Mixin
    Listening listening = new Listening(8621);

    @Override
    int run() throws IOException, InterruptedException {
        Settings settings = settings();
        if (!settings.sidecarTokenConfigured()) {
            throw usage(
                            "a sidecar lets nobody in without a token, and none is configured",
                            "Set LIFEBOAT_SIDECAR_TOKEN in the environment, or lifeboat.sidecar.token-file.")
                    .toException();
        }
        DataFolder folder = Listening.take(settings);
        try (Engine sidecar = Engine.startSidecar(folder, settings, listening.host, listening.port)) {
            terminal()
                    .line("the sidecar answers on " + sidecar.endpoint().url() + "; Ctrl-C stops, and ends its tasks");
            sidecar.awaitEnd();
        }
        return ExitCode.SUCCESS;
    }
}
