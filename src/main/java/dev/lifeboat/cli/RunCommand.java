package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import picocli.CommandLine;

@CommandLine.Command(
        name = "run",
        description = "One run.",
        subcommands = {RunCommand.Show.class, RunCommand.Cancel.class})
final class RunCommand implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command? run show RUN, or run cancel RUN");
    }

    @CommandLine.Command(
            name = "cancel",
            description = {
                "Asks a run to stop. What has not been touched stays so; a restore that has touched its environment is rolled back."
            },
            footer = {
                "",
                "Example:  lifeboat run cancel run_20260301T020000Z_1a2b3c4d --follow",
                "With --follow the exit code tells how the run ended; else it is 0, or 3 where it is too late."
            })
    static final class Cancel extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "RUN", description = "The run's id.")
        String runId;

        @CommandLine.Option(names = "--follow", description = "Stay until the run is over.")
        boolean follow;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode run = api.post(RunFollower.path(runId) + "/cancel", Json.object());
            terminal().line(run.path("operation").asText() + " " + runId + " is asked to stop");
            if (follow) {
                return conclude(stay(runId));
            }
            terminal().line("  lifeboat run show " + runId + " --follow   stays until it has");
            terminal().answer(run);
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "show",
            description = "Shows a run, its steps and how it ended.",
            footer = {
                "",
                "Example:  lifeboat run show run_20260301T020000Z_1a2b3c4d --follow",
                "With --follow the exit code tells how the run ended; else it is 0."
            })
    static final class Show extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "RUN", description = "The run's id.")
        String runId;

        @CommandLine.Option(names = "--follow", description = "Stay until the run is over.")
        boolean follow;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode run = api.get("/api/v1/runs/" + ApiClient.segment(runId));
            if (follow || RunFollower.isOver(run)) {
                int ended = conclude(stay(runId));
                return follow ? ended : ExitCode.SUCCESS;
            }
            terminal()
                    .line(run.path("operation").asText() + " " + runId + " is "
                            + run.path("status").asText() + "; --follow stays until it is over");
            terminal().answer(run);
            return ExitCode.SUCCESS;
        }
    }
}
