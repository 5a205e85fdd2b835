package dev.lifeboat.cli;

import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "doctor",
        description = "Looks at everything that Lifeboat needs, and says what is missing.",
        footer = {"", "Example:  lifeboat doctor --json"})
final class DoctorCommand extends EngineCommand {
    @Override
    int run(ApiClient api) throws IOException, InterruptedException {
        return Checks.show(api.getPatiently("/api/v1/doctor"), terminal());
    }
}
