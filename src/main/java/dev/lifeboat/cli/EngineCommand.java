package dev.lifeboat.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpTimeoutException;

/** A command that needs the engine. */
abstract class EngineCommand extends Command {
    private static final int MOST_LOSSES = 5;

    private EngineConnection engine;

    /** Does the command with the engine. */
    abstract int run(ApiClient api) throws IOException, InterruptedException;

    @Override
    final int run() throws IOException, InterruptedException {
        try (EngineSession session = EngineSession.open(settings(), terminal())) {
            engine = session;
            for (int lost = 0; ; lost++) {
                try {
                    return run(session.api());
                } catch (JsonProcessingException | HttpTimeoutException e) {
                    throw e;
                } catch (IOException e) {
                    // The engine was another command's, and ended with it. What only asks can ask the next one.
                    if (session.api().hasAskedForChange() || lost == MOST_LOSSES) {
                        throw e;
                    }
                    session.reconnect(e);
                }
            }
        }
    }

    /** Stays with a run until it is over, also where the engine changes meanwhile. */
    JsonNode stay(String runId) throws IOException, InterruptedException {
        return new RunFollower(engine, terminal()).follow(runId);
    }

    /** Shows a run to its end; gives the exit code that tells it. */
    int follow(JsonNode started) throws IOException, InterruptedException {
        return conclude(stay(started.path("run_id").asText()));
    }

    /** Says how a run ended; gives the exit code that tells it. */
    int conclude(JsonNode run) {
        RunFollower.conclude(run, terminal());
        terminal().answer(run);
        return ExitCode.ofRun(run);
    }

    static String environmentPath(String environment) {
        return "/api/v1/environments/" + ApiClient.segment(environment);
    }
}
