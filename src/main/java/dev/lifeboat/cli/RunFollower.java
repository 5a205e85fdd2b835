package dev.lifeboat.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Amounts;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Shows a run while it goes on: a line for each step as it ends, and how far those are that go on. The engine tells what happens as
 * it happens; where no such stream comes through, it is asked again and again.
 */
final class RunFollower {
    private static final int PAUSE_MILLIS = 300;
    private static final int NAME_WIDTH = 22;
    private static final int BAR_WIDTH = 20;
    private static final int MOST_LOSSES = 5;
    /** So many streams that brought nothing, one after the other, and no other one is tried. */
    private static final int MOST_EMPTY_STREAMS = 3;
    /** The engine says at once how the run is. */
    private static final Duration FIRST_MESSAGE = Duration.ofSeconds(5);
    /** Three of the engine's keep-alives. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(30);

    private final EngineConnection engine;
    private final Terminal terminal;
    private final Duration silence;
    private final Set<String> told = new HashSet<>();
    /** Steps that go on, by name: what is shown of them. */
    private final SequencedMap<String, String> underWay = new LinkedHashMap<>();
    /** By step and attempt: where it was when it was first seen. */
    private final Map<String, Seen> seen = new HashMap<>();

    private String heardUpTo = "";
    private int emptyStreams;
    private int losses;
    private boolean asked;

    /** Bytes that were done at a moment of this machine's clock: the engine's clock may be another one. */
    private record Seen(long bytes, long nanos) {}

    RunFollower(EngineConnection engine, Terminal terminal) {
        this(engine, terminal, LONGEST_SILENCE);
    }

    /** Takes a stream for cut where nothing comes over it for so long. */
    RunFollower(EngineConnection engine, Terminal terminal, Duration silence) {
        this.engine = engine;
        this.terminal = terminal;
        this.silence = silence;
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
                int before = signals.seen();
                try {
                    heed(signals, runId);
                    Optional<JsonNode> ended = look(runId);
                    if (ended.isEmpty()) {
                        ended = listen(runId);
                    }
                    if (ended.isPresent()) {
                        return ended.get();
                    }
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                } catch (InterruptedException e) {
                    // a signal is heeded in the next round; anything else ends the command
                    if (signals.seen() == before) {
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
        show(run.path("steps"));
        return isOver(run) ? Optional.of(run) : Optional.empty();
    }

    /** Listens until the run is over, or the stream is: empty where it was cut, or there is none. */
    private Optional<JsonNode> listen(String runId) throws IOException, InterruptedException {
        if (emptyStreams >= MOST_EMPTY_STREAMS) {
            return Optional.empty();
        }
        Optional<MessageStream> opened;
        try {
            opened = engine.api().messages(path(runId) + "/events/stream?state=true", heardUpTo);
        } catch (IOException e) {
            // whether the engine is gone shows when it is asked how the run is
            return Optional.empty();
        }
        if (opened.isEmpty()) {
            emptyStreams = MOST_EMPTY_STREAMS;
            return Optional.empty();
        }
        emptyStreams++;
        try (MessageStream stream = opened.get()) {
            MessageStream.Heard heard = stream.next(silence.compareTo(FIRST_MESSAGE) < 0 ? silence : FIRST_MESSAGE);
            while (!(heard instanceof MessageStream.Heard.Cut)) {
                if (heard instanceof MessageStream.Heard.Message message) {
                    Optional<JsonNode> ended = hear(message);
                    if (ended.isPresent()) {
                        return ended;
                    }
                    emptyStreams = 0;
                }
                heard = stream.next(silence);
            }
        } catch (JsonProcessingException e) {
            // not what an engine sends
            return Optional.empty();
        }
        return Optional.empty();
    }

    /** Gives the run where the message says that it is over. */
    private Optional<JsonNode> hear(MessageStream.Heard.Message message) throws JsonProcessingException {
        JsonNode data = Json.mapper().readTree(message.data());
        heardUpTo = message.id().isEmpty() ? heardUpTo : message.id();
        switch (message.name()) {
            case "run", "end" -> show(data.path("steps"));
            case "progress" -> show(data);
            default -> {
                // what it means for the run comes with the run
            }
        }
        return message.name().equals("end") && data.hasNonNull("status") && isOver(data)
                ? Optional.of(data)
                : Optional.empty();
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

    private void show(JsonNode steps) {
        steps.forEach(this::tell);
        terminal.live(List.copyOf(underWay.values()));
    }

    private void tell(JsonNode step) {
        String name = step.path("name").asText();
        String status = step.path("status").asText();
        String id = name + " " + step.path("attempt").asInt();
        switch (status) {
            case "running", "waiting" -> {
                String line = "  " + pad(name);
                if (step.path("progress").isObject()) {
                    underWay.put(name, line + progress(id, step.get("progress")));
                } else {
                    underWay.putIfAbsent(name, line);
                }
            }
            case "void" -> underWay.remove(name);
            default -> {
                underWay.remove(name);
                if (told.add(id)) {
                    terminal.line(terminal.mark(status) + " " + pad(name)
                            + Amounts.seconds(step.path("seconds").asDouble()) + note(step, status));
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

    private String progress(String id, JsonNode progress) {
        long done = progress.path("bytes_done").asLong();
        long total = progress.path("bytes_total").asLong();
        Seen first = seen.computeIfAbsent(id, none -> new Seen(done, System.nanoTime()));
        double seconds = (System.nanoTime() - first.nanos()) / 1e9;
        var text = new StringBuilder();
        if (total > 0) {
            text.append(Terminal.bar(done, total, BAR_WIDTH)).append("  ");
        }
        text.append(progress.path("phase").asText());
        if (done > 0) {
            text.append("  ").append(Amounts.bytes(done));
            if (total > 0) {
                text.append(" of ").append(Amounts.bytes(total));
            }
            if (seconds > 1 && done > first.bytes()) {
                double rate = (done - first.bytes()) / seconds;
                text.append(", ").append(Amounts.bytes((long) rate)).append("/s");
                if (total > done) {
                    text.append(", ")
                            .append(Amounts.seconds((total - done) / rate))
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
