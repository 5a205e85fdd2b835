package dev.lifeboat.cli;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.host.DataFolder;
import dev.lifeboat.host.Endpoint;
import dev.lifeboat.host.Engine;
import dev.lifeboat.host.Settings;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A connection with the engine: the one that owns the data folder, or, where there is none, this process's own. */
final class EngineSession implements AutoCloseable {
    private static final Duration WAIT_FOR_OWNER = Duration.ofSeconds(90);

    private final ApiClient api;
    private final Optional<Engine> own;

    private EngineSession(ApiClient api, Optional<Engine> own) {
        this.api = api;
        this.own = own;
    }

    static EngineSession open(Settings settings) throws IOException, InterruptedException {
        long end = System.nanoTime() + WAIT_FOR_OWNER.toNanos();
        while (System.nanoTime() < end) {
            Optional<Endpoint> endpoint = Endpoint.read(settings.dataDir());
            if (endpoint.isPresent()) {
                var api = new ApiClient(endpoint.get());
                if (api.answers()) {
                    return new EngineSession(api, Optional.empty());
                }
            }
            Optional<DataFolder> folder = DataFolder.take(settings.dataDir());
            if (folder.isPresent()) {
                Engine engine = Engine.start(folder.get(), settings, "127.0.0.1", 0);
                return new EngineSession(new ApiClient(engine.endpoint()), Optional.of(engine));
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        throw Fault.of(
                        FaultCode.DATA_FOLDER_IN_USE,
                        "another process holds the data folder "
                                + settings.dataDir().toAbsolutePath() + " but does not answer",
                        "Find it (`fuser " + settings.dataDir().resolve("lock") + "`) and end it, then try again.")
                .toException();
    }

    ApiClient api() {
        return api;
    }

    /** Stops this process's own engine, after the runs that others began through it. */
    @Override
    public void close() throws IOException {
        if (own.isEmpty()) {
            return;
        }
        try {
            while (!api.get("/api/v1/runs?active=true").isEmpty()) {
                TimeUnit.MILLISECONDS.sleep(200);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        own.get().close();
    }
}
