package dev.lifeboat.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Shows a run while it goes on: a line for each step as it ends, and where it is now. */
final class RunFollower {
    private static final int PAUSE_MILLIS = 200;
    private static final int NAME_WIDTH = 22;
    private static final int MOST_LOSSES = 5;

    private final EngineConnection engine;
    private final Terminal terminal;
    private final Set<String> told = new HashSet<>();
    private int losses;
    private boolean asked;

    RunFollower(EngineConnection engine, Terminal terminal) {
        this.engine = engine;
        this.terminal = terminal;
    }

    /** The address of a run. */
    static String path(String runId) {
        return "/api/v1/runs/" + ApiClient.segment(runId);
    }

    /**
     * Follows a run to its end, with another engine where the present one goes away, and gives it as it then is. A first Ctrl-C
     * asks the run to stop, and is followed to that end; a second one leaves. Where the terminal goes away, a run of this
     * process's own engine is seen to its end; another engine needs nobody who looks on.
     *
     * @throws LeftException where the user left
     */
    JsonNode follow(String runId) throws IOException, InterruptedException {
        try (var signals = new Signals()) {
            while (true) {
                int seen = signals.seen();
                try {
                    heed(signals, runId);
                    Optional<JsonNode> ended = look(runId);
                    if (ended.isPresent()) {
                        return ended.get();
                    }
                } catch (InterruptedException e) {
                    // a signal is heeded in the next round; anything else ends the command
                    if (signals.seen() == seen) {
                        throw e;
                    }
                }
            }
        }
    }

    private Optional<JsonNode> look(String runId) throws IOException, InterruptedException {
        JsonNode run;
        try {
            run = engine.api().get(path(runId));
            losses = 0;
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            if (++losses > MOST_LOSSES) {
                throw e;
            }
            engine.lost(e);
            return Optional.empty();
        }
        run.path("steps").forEach(this::tell);
        if (isOver(run)) {
            return Optional.of(run);
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        return Optional.empty();
    }

    private void heed(Signals signals, String runId) throws InterruptedException {
        if (signals.interrupts() > 1 || (signals.hungUp() && !engine.isOwn())) {
            terminal.notice(
                    engine.isOwn()
                            ? "left; the run is recorded, and the next command takes it up: lifeboat run show " + runId
                                    + " --follow"
                            : "left; the engine goes on with the run: lifeboat run show " + runId + " --follow");
            engine.leave();
            throw new LeftException();
        }
        if (signals.interrupts() == 1 && !asked) {
            asked = true;
            askToStop(runId);
        }
    }

    private void askToStop(String runId) throws InterruptedException {
        try {
            engine.api().post(path(runId) + "/cancel", Json.object());
            terminal.notice(
                    "asked the run to stop: it ends what it has under way, and puts back what it has touched; Ctrl-C once"
                            + " more leaves it alone");
        } catch (FaultException e) {
            terminal.notice(e.fault().message() + "; Ctrl-C once more leaves it alone");
        } catch (IOException e) {
            asked = false;
            terminal.notice("the engine could not be asked to stop the run; that is tried again");
        }
    }

    static boolean isOver(JsonNode run) {
        return !run.path("status").asText().matches("queued|running")
                || run.path("parked").asBoolean();
    }

    private void tell(JsonNode step) {
        String name = step.path("name").asText();
        String status = step.path("status").asText();
        String id = name + " " + step.path("attempt").asInt();
        switch (status) {
            case "running", "waiting" -> terminal.live("  " + pad(name) + progress(step.path("progress")));
            case "void" -> {
                // It is done again, and told then.
            }
            default -> {
                if (told.add(id)) {
                    terminal.line(terminal.mark(status) + " " + pad(name)
                            + Terminal.seconds(step.path("seconds").asDouble()) + note(step, status));
                }
            }
        }
    }

    private static String note(JsonNode step, String status) {
        JsonNode outputs = step.path("outputs");
        if (status.equals("skipped")) {
            return "   skipped: " + outputs.path("skipped").asText();
        }
        if (step.hasNonNull("fault")) {
            return "   " + step.path("fault").path("message").asText();
        }
        return outputs.hasNonNull("summary") ? "   " + outputs.get("summary").asText() : "";
    }

    private static String progress(JsonNode progress) {
        if (!progress.isObject()) {
            return "";
        }
        long done = progress.path("bytes_done").asLong();
        long total = progress.path("bytes_total").asLong();
        double seconds = progress.hasNonNull("started_at")
                ? Duration.between(Instant.parse(progress.path("started_at").asText()), Instant.now())
                                .toMillis()
                        / 1000.0
                : 0;
        var text = new StringBuilder(progress.path("phase").asText());
        if (done > 0) {
            text.append("  ").append(Terminal.bytes(done));
            if (total > 0) {
                text.append(" of ").append(Terminal.bytes(total));
            }
            if (seconds > 1) {
                double rate = done / seconds;
                text.append(", ").append(Terminal.bytes((long) rate)).append("/s");
                if (total > done) {
                    text.append(", ")
                            .append(Terminal.seconds((total - done) / rate))
                            .append(" left");
                }
            }
        }
        long items = progress.path("items_done").asLong();
        if (items > 0) {
            text.append(", ").append(items);
            if (progress.path("items_total").asLong() > 0) {
                text.append(" of ").append(progress.path("items_total").asLong());
            }
            text.append(" items");
        }
        return text.toString();
    }

    private static String pad(String name) {
        return name + " ".repeat(Math.max(1, NAME_WIDTH - name.length()));
    }

    /** Says how a run ended, and what to type next. */
    static void conclude(JsonNode run, Terminal terminal) {
        String status = run.path("status").asText();
        terminal.line("");
        terminal.line(
                run.path("operation").asText() + " " + run.path("run_id").asText() + ": " + status.replace('_', ' '));
        if (run.path("mode").asText().equals("validation_only")) {
            terminal.line(
                    "  NOTHING WAS RESTORED: run " + run.path("restored_by").asText()
                            + " has restored this artifact before; --again restores it once more");
        }
        for (JsonNode reason : run.path("degraded")) {
            terminal.line("  degraded: " + reason.asText());
        }
        if (run.hasNonNull("artifact_id")) {
            terminal.line("  artifact: " + run.get("artifact_id").asText());
        }
        if (run.hasNonNull("pre_restore_backup_id")) {
            terminal.line("  safety backup: " + run.get("pre_restore_backup_id").asText());
        }
        if (run.hasNonNull("evidence_dir")) {
            terminal.line("  evidence: " + run.get("evidence_dir").asText());
        }
        if (run.hasNonNull("fault")) {
            terminal.error(Faults.read(run.get("fault"), "message"));
        }
        if (run.path("parked").asBoolean()) {
            String cancelled =
                    run.path("parent_run_id").asText(run.path("run_id").asText());
            terminal.line(
                    "  it is parked: it was interrupted too often, and keeps other runs of the environment waiting");
            terminal.line(
                    "  what to do: lifeboat run cancel " + cancelled
                            + "   takes it up again and ends it: cancelled, or rolled back where it has touched the environment");
        }
    }
}
