package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import dev.lifeboat.json.Json;
import dev.lifeboat.sample.SampleEnvironment;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import picocli.CommandLine;

@CommandLine.Command(
        name = "demo",
        description = "Makes a small Odoo-shaped environment, backs it up, destroys it, and brings it back.")
final class DemoCommand extends Command {
    private static final String ENVIRONMENT = "demo.shop";

    @CommandLine.Option(names = "--yes", description = "Install what is missing without asking.")
    boolean yes;

    @Override
    int run() throws IOException, InterruptedException {
        Settings settings = settings();
        Instant begin = Instant.now();
        Path folder = settings.dataDir().toAbsolutePath().resolve("demo");
        DataFolder held = DataFolder.take(settings.dataDir()).orElseThrow(() -> Fault.of(
                        FaultCode.DATA_FOLDER_IN_USE,
                        "another Lifeboat uses the data folder "
                                + settings.dataDir().toAbsolutePath() + "; the demo needs one of its own",
                        "Run it in another folder: lifeboat demo --data-dir /tmp/lifeboat-demo")
                .toException());
        terminal().line("1. A sample environment: PostgreSQL, a filestore, an odoo.conf, all below " + folder);
        try (SampleEnvironment sample = SampleEnvironment.create(folder)) {
            String before = sample.census();
            terminal().line("   " + before);
            System.setProperty("lifeboat.projects.demo.environments.shop.type", "dev");
            System.setProperty(
                    "lifeboat.projects.demo.environments.shop.odoo-conf",
                    sample.odooConf().toString());
            try (Engine engine = Engine.start(held, settings, "127.0.0.1", 0)) {
                return story(new ApiClient(engine.endpoint()), sample, before, begin);
            }
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.DATABASE_QUERY_FAILED,
                            "the sample environment could not be made: " + e.getMessage(),
                            "Remove " + folder + " and run the demo again.")
                    .toException(e);
        }
    }

    private int story(ApiClient api, SampleEnvironment sample, String before, Instant begin)
            throws IOException, InterruptedException, SQLException {
        var follower = new RunFollower(api, terminal());
        terminal().line("");
        terminal().line("2. A backup");
        JsonNode backup = follower.follow(api.post(
                        "/api/v1/environments/" + ENVIRONMENT + "/backups",
                        Json.object().put("label", "demo"))
                .path("run_id")
                .asText());
        if (ExitCode.ofRun(backup) != ExitCode.SUCCESS) {
            return end(backup);
        }
        terminal().line("");
        terminal().line("3. The disaster: the database is dropped, the filestore is deleted");
        sample.destroy();
        terminal().line("");
        terminal().line("4. The restore");
        JsonNode restore = new RunFollower(api, terminal())
                .follow(api.post(
                                "/api/v1/environments/" + ENVIRONMENT + "/restores",
                                Json.object().put("artifact", "latest"))
                        .path("run_id")
                        .asText());
        if (ExitCode.ofRun(restore) != ExitCode.SUCCESS) {
            return end(restore);
        }
        String after = sample.census();
        terminal().line("");
        terminal()
                .line("5. What came back: " + after
                        + (after.equals(before) ? " - the same as before" : " - NOT the same"));
        terminal()
                .line("   evidence of the backup:  "
                        + backup.path("evidence_dir").asText());
        terminal()
                .line("   evidence of the restore: "
                        + restore.path("evidence_dir").asText());
        terminal()
                .line("   all of it took "
                        + Terminal.seconds(
                                Duration.between(begin, Instant.now()).toMillis() / 1000.0));
        terminal().line("");
        terminal().line("Next:  ./lifeboat runs                      what was done");
        terminal().line("       ./lifeboat run show " + restore.path("run_id").asText());
        terminal()
                .line(
                        "       ./lifeboat env discover --odoo-conf /etc/odoo/odoo.conf --name prod --write   your own Odoo");
        var answer = Json.object().put("status", after.equals(before) ? "success" : "failed");
        answer.set("backup", backup);
        answer.set("restore", restore);
        terminal().answer(answer);
        return after.equals(before) ? ExitCode.SUCCESS : ExitCode.FAILED;
    }

    private int end(JsonNode run) {
        RunFollower.conclude(run, terminal());
        terminal().answer(run);
        return ExitCode.ofRun(run);
    }
}
