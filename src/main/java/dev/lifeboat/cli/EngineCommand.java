package dev.lifeboat.cli;

import java.io.IOException;

/** A command that needs the engine. */
abstract class EngineCommand extends Command {
    /** Does the command with the engine. */
    abstract int run(ApiClient api) throws IOException, InterruptedException;

    @Override
    final int run() throws IOException, InterruptedException {
        try (EngineSession session = EngineSession.open(settings())) {
            return run(session.api());
        }
    }

    static String environmentPath(String environment) {
        return "/api/v1/environments/" + ApiClient.segment(environment);
    }
}
