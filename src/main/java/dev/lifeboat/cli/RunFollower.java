package dev.lifeboat.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
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

    RunFollower(EngineConnection engine, Terminal terminal) {
        this.engine = engine;
        this.terminal = terminal;
    }

    /** Follows a run to its end, with another engine where the present one goes away, and gives it as it then is. */
    JsonNode follow(String runId) throws IOException, InterruptedException {
        int losses = 0;
        while (true) {
            JsonNode run;
            try {
                run = engine.api().get("/api/v1/runs/" + ApiClient.segment(runId));
                losses = 0;
            } catch (JsonProcessingException e) {
                throw e;
            } catch (IOException e) {
                if (++losses > MOST_LOSSES) {
                    throw e;
                }
                engine.lost(e);
                continue;
            }
            run.path("steps").forEach(this::tell);
            if (isOver(run)) {
                return run;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
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
            terminal.line("  it is parked: it was interrupted too often; look at its events and evidence");
        }
    }
}
