package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Amounts;
import dev.lifeboat.sample.SampleEnvironment;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import picocli.CommandLine;

@CommandLine.Command(
        name = "demo",
        description = "Makes a small Odoo-shaped environment, backs it up, destroys it, and brings it back.",
        footer = {
            "",
            "Example:  lifeboat demo --yes",
            "The environment is made below <data folder>/demo, and nothing else is touched."
        })
final class DemoCommand extends Command {
    private static final String ENVIRONMENT = "demo.shop";

    @CommandLine.Option(names = "--yes", description = "Install what is missing without asking.")
    boolean yes;

    @CommandLine.Option(names = "--keep", description = "Leave the environment's PostgreSQL running at the end.")
    boolean keep;

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
        SampleEnvironment sample = null;
        try {
            sample = SampleEnvironment.create(folder);
            var stop = new Thread(sample::close, "stop-sample");
            Runtime.getRuntime().addShutdownHook(stop);
            System.setProperty("lifeboat.projects.demo.environments.shop.type", "dev");
            System.setProperty(
                    "lifeboat.projects.demo.environments.shop.odoo-conf",
                    sample.odooConf().toString());
            try (Engine engine = Engine.start(held, settings, "127.0.0.1", 0)) {
                int exitCode = story(new OwnEngine(new ApiClient(engine.endpoint())), sample, begin);
                if (keep) {
                    Runtime.getRuntime().removeShutdownHook(stop);
                }
                return exitCode;
            }
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.DATABASE_QUERY_FAILED,
                            "the sample environment could not be made: " + e.getMessage(),
                            "Remove " + folder + " and run the demo again.")
                    .toException(e);
        } finally {
            if (sample != null && !keep) {
                sample.close();
            }
        }
    }

    /** The engine of this process: where it goes away there is nobody else. */
    private record OwnEngine(ApiClient api) implements EngineConnection {
        @Override
        public void lost(IOException cause) throws IOException {
            throw cause;
        }

        @Override
        public boolean isOwn() {
            return true;
        }

        @Override
        public void leave() {
            // The demo's environment ends with the demo, whatever goes on.
        }
    }

    /** Lets what a killed demo began come to its end; tells whether there was something. */
    private boolean finishEarlier(OwnEngine engine) throws IOException, InterruptedException {
        boolean found = false;
        for (JsonNode run : engine.api().get("/api/v1/runs?active=true")) {
            found = true;
            terminal()
                    .line("   first, what was interrupted: "
                            + run.path("operation").asText() + " of "
                            + run.path("environment").asText());
            new RunFollower(engine, terminal()).follow(run.path("run_id").asText());
        }
        return found;
    }

    private int story(OwnEngine engine, SampleEnvironment sample, Instant begin)
            throws IOException, InterruptedException, SQLException {
        if (finishEarlier(engine)) {
            sample.reset();
        }
        String before = sample.census();
        terminal().line("   " + before);
        ApiClient api = engine.api();
        terminal().line("");
        terminal().line("2. A backup");
        JsonNode backup = new RunFollower(engine, terminal())
                .follow(api.post(
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
        JsonNode restore = new RunFollower(engine, terminal())
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
                        + Amounts.seconds(Duration.between(begin, Instant.now()).toMillis() / 1000.0));
        terminal().line("");
        terminal().line("Next:  ./lifeboat runs                      what was done");
        terminal().line("       ./lifeboat run show " + restore.path("run_id").asText());
        terminal().line("       ./lifeboat evidence " + restore.path("run_id").asText());
        terminal()
                .line(
                        "       ./lifeboat env discover --odoo-conf /etc/odoo/odoo.conf --name prod --write   your own Odoo");
        if (keep) {
            terminal().line("");
            terminal()
                    .line("The environment's PostgreSQL goes on at "
                            + sample.database().host() + ":" + sample.database().port() + "; its password is in "
                            + sample.odooConf() + ". To use it:");
            terminal()
                    .line("       ./lifeboat env discover --odoo-conf " + sample.odooConf()
                            + " --project demo --name shop --type dev --write");
            terminal().line("       it stops at the end of the next ./lifeboat demo without --keep");
        }
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
