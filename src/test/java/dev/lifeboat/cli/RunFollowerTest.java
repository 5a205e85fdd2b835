package dev.lifeboat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.host.Endpoint;
import dev.lifeboat.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a run is followed where the way to the engine is good, and where it is not. */
@Timeout(60)
class RunFollowerTest {
    private static final String RUN = "GET /api/v1/runs/run_1";
    private static final String STREAM = RUN + "/events/stream?state=true";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path dataDir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private FakeEngine engine;

    @BeforeEach
    void own() throws IOException {
        engine = FakeEngine.own(dataDir);
    }

    @AfterEach
    void end() throws IOException {
        engine.close();
    }

    private JsonNode follow(boolean json, boolean live, int width, Duration silence)
            throws IOException, InterruptedException {
        var terminal = new Terminal(
                json,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                live,
                width);
        var client = new ApiClient(Endpoint.read(dataDir).orElseThrow());
        JsonNode run = new RunFollower(new Steady(client), terminal, silence).follow("run_1");
        RunFollower.conclude(run, terminal);
        terminal.answer(run);
        return run;
    }

    private JsonNode follow() throws IOException, InterruptedException {
        return follow(false, false, 80, PATIENCE);
    }

    /** An engine that stays what it is. */
    private record Steady(ApiClient api) implements EngineConnection {
        @Override
        public void lost(IOException cause) {
            throw new AssertionError(cause);
        }

        @Override
        public boolean isOwn() {
            return false;
        }

        @Override
        public void leave() {
            throw new AssertionError("nobody leaves");
        }
    }

    private static String run(String status, String... steps) {
        return "{\"run_id\":\"run_1\",\"operation\":\"backup\",\"status\":\"" + status
                + "\",\"degraded\":[],\"steps\":[" + String.join(",", steps) + "]}";
    }

    private static String step(String name, String status) {
        return "{\"name\":\"" + name + "\",\"status\":\"" + status
                + "\",\"attempt\":1,\"seconds\":2.1,\"outputs\":{\"summary\":\"312 MB\"}}";
    }

    private static String progress(String name, long done, long total) {
        return "{\"name\":\"" + name + "\",\"status\":\"waiting\",\"attempt\":1,\"progress\":{\"phase\":\"reading\","
                + "\"bytes_done\":" + done + ",\"bytes_total\":" + total + ",\"items_done\":0,\"items_total\":0}}";
    }

    private static String message(String name, String data) {
        return "event:" + name + "\ndata:" + data + "\n\n";
    }

    private long times(String request) {
        return Collections.frequency(engine.asked(), request);
    }

    private String shown() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String told() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void an_engine_that_tells_what_happens_is_asked_once_how_the_run_is() throws IOException, InterruptedException {
        engine.answer(RUN, 200, run("running")).stream(
                STREAM,
                message("run", run("running", step("dump-db", "waiting")))
                        + message("progress", "[" + progress("dump-db", 10, 100) + "]")
                        + ": nothing has changed\n\n"
                        + message("run", run("running", step("dump-db", "done")))
                        + message("end", run("success", step("dump-db", "done"), step("finalize", "done"))),
                FakeEngine.Then.IS_SILENT);
        assertThat(follow().path("status").asText()).isEqualTo("success");
        assertThat(times(RUN)).isEqualTo(1);
        assertThat(times(STREAM)).isEqualTo(1);
        assertThat(shown().lines().filter(line -> line.contains("dump-db"))).hasSize(1);
        assertThat(shown()).contains("✓ dump-db", "2.1 s   312 MB", "✓ finalize", "backup run_1: success");
    }

    @Test
    void a_stream_that_is_cut_goes_on_behind_the_last_message_and_no_step_is_told_twice()
            throws IOException, InterruptedException {
        engine.answer(RUN, 200, run("running", step("dump-db", "done"))).stream(
                STREAM,
                "id:7\n" + message("step_done", "{}")
                        + message("run", run("running", step("dump-db", "done")))
                        + "event:run\ndata:{\"run_id\":",
                FakeEngine.Then.ENDS)
                .stream(STREAM, "", FakeEngine.Then.ENDS)
                .stream(STREAM, message("end", run("success", step("dump-db", "done"))), FakeEngine.Then.ENDS);
        assertThat(follow().path("status").asText()).isEqualTo("success");
        assertThat(engine.lastEventIds()).containsExactly("", "7", "7");
        assertThat(shown().lines().filter(line -> line.contains("dump-db"))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "data: {no json\n\n",
                "event: end\ndata: []\n\n",
                "<html><body>502 Bad Gateway</body></html>\n\n",
                "\u0000\u0001\u0002\u0003"
            })
    void where_nothing_useful_comes_over_a_stream_the_engine_is_asked_again_and_again(String garbage)
            throws IOException, InterruptedException {
        for (int i = 0; i < 6; i++) {
            engine.answer(RUN, 200, run("running", step("dump-db", "waiting")));
        }
        engine.answer(RUN, 200, run("failed", step("dump-db", "failed"))).stream(STREAM, garbage, FakeEngine.Then.ENDS);
        assertThat(follow().path("status").asText()).isEqualTo("failed");
        assertThat(times(RUN)).isEqualTo(7);
        assertThat(shown()).contains("✗ dump-db");
        assertThat(told()).doesNotContain("Exception");
    }

    @Test
    void an_engine_without_such_a_stream_is_asked_for_it_once() throws IOException, InterruptedException {
        engine.answer(RUN, 200, run("queued")).answer(RUN, 200, run("running")).answer(RUN, 200, run("rolled_back"));
        assertThat(follow().path("status").asText()).isEqualTo("rolled_back");
        assertThat(times(STREAM)).isEqualTo(1);
    }

    @Test
    void a_stream_on_which_not_even_a_comment_comes_any_more_is_left() throws IOException, InterruptedException {
        engine.answer(RUN, 200, run("running")).answer(RUN, 200, run("success")).stream(
                STREAM, message("run", run("running")), FakeEngine.Then.IS_SILENT);
        assertThat(follow(false, false, 80, Duration.ofMillis(300))
                        .path("status")
                        .asText())
                .isEqualTo("success");
        assertThat(times(RUN)).isEqualTo(2);
    }

    @Test
    void on_a_terminal_each_step_that_goes_on_has_a_line_that_fits_and_gives_way()
            throws IOException, InterruptedException {
        engine.answer(RUN, 200, run("running")).stream(
                STREAM,
                message("run", run("running", step("dump-db", "waiting"), step("archive-filestore", "waiting")))
                        + message(
                                "progress",
                                "[" + progress("dump-db", 30_000_000, 120_000_000) + ","
                                        + progress("archive-filestore", 0, 0) + "]")
                        + message("end", run("success", step("dump-db", "done"))),
                FakeEngine.Then.ENDS);
        follow(false, true, 60, PATIENCE);
        String bar = "  dump-db               [#####---------------]  25%  reading  30 MB of 120 MB";
        assertThat(told()).contains("\r\033[1A\033[J" + bar.substring(0, 59) + "\n  archive-filestore     reading");
        assertThat(told().lines().map(line -> line.replaceAll("\033\\[\\d*[AJ]|\r", "")))
                .allSatisfy(line -> assertThat(line).hasSizeLessThan(60));
        assertThat(shown()).contains("✓ dump-db").doesNotContain("\033");
    }

    @Test
    void without_a_terminal_there_are_lines_and_no_control_sequence() throws IOException, InterruptedException {
        engine.answer(RUN, 200, run("running")).stream(
                STREAM,
                message("progress", "[" + progress("dump-db", 30, 120) + "]")
                        + message("end", run("success", step("dump-db", "done"))),
                FakeEngine.Then.ENDS);
        follow();
        assertThat(shown() + told()).doesNotContain("\033", "\r", "[###").contains("✓ dump-db");
    }

    @Test
    void with_json_the_run_is_all_that_stands_on_standard_output() throws IOException, InterruptedException {
        engine.answer(RUN, 200, run("running")).stream(
                STREAM, message("end", run("success", step("dump-db", "done"))), FakeEngine.Then.ENDS);
        JsonNode run = follow(true, false, 80, PATIENCE);
        assertThat(Json.mapper().readTree(shown())).isEqualTo(run);
        assertThat(told()).contains("✓ dump-db");
    }
}
