package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.process.ChildProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;

/** A child's output being read to its end by a thread of its own, into a value. */
final class StreamReading<T> {
    private final Thread thread;
    private T value;
    private IOException failure;
    private RuntimeException broken;

    private StreamReading(String name, InputStream in, Reader<T> reader) {
        this.thread = Thread.ofPlatform().daemon().name(name).start(() -> {
            try (in) {
                try {
                    value = reader.read(in);
                } catch (IOException e) {
                    failure = e;
                } catch (RuntimeException e) {
                    broken = e;
                }
                // to the end, so that the child is not stopped by a full pipe
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                }
            }
        });
    }

    static <T> StreamReading<T> start(String name, ChildProcess child, Reader<T> reader) {
        return new StreamReading<>(name, child.output(), reader);
    }

    /**
     * Waits for the end of the stream.
     *
     * @throws IOException what reading failed with
     */
    T get(Duration limit) throws IOException {
        try {
            if (!thread.join(limit)) {
                throw Fault.of(
                                FaultCode.STEP_TIMED_OUT,
                                thread.getName() + " did not come to its end within " + limit.toSeconds() + " s",
                                "Try again; if it happens again, look at the machine's load.")
                        .toException();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, thread.getName() + " was ended on request", "Start the run again.")
                    .toException(e);
        }
        if (broken != null) {
            throw broken;
        }
        if (failure != null) {
            throw failure;
        }
        return Optional.ofNullable(value).orElseThrow(() -> new IOException("nothing was read"));
    }

    @FunctionalInterface
    interface Reader<T> {
        T read(InputStream in) throws IOException;
    }
}
