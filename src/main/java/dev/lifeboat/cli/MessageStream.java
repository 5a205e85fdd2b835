package dev.lifeboat.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Server-sent events (WHATWG HTML, 9.2), read as they come. Nobody waits for one for longer than he says. What is no such stream, or
 * has a message of more than {@value #LARGEST} bytes, is as good as cut.
 */
final class MessageStream implements AutoCloseable {
    private static final int LARGEST = 8 << 20;
    private static final int AHEAD = 64;

    /** What comes over a stream. */
    sealed interface Heard {
        /**
         * A message.
         *
         * @param id the id of the last message that had one; empty: none had
         */
        record Message(String name, String data, String id) implements Heard {}

        /** Somebody is there, and has nothing to say. */
        record Beat() implements Heard {}

        /** Nothing comes any more. */
        record Cut() implements Heard {}
    }

    private final InputStream in;
    private final BlockingQueue<Heard> heard = new ArrayBlockingQueue<>(AHEAD);
    private final Thread reader;
    private boolean endedWithReturn;

    /** Reads a stream, from its first byte, and closes it. */
    MessageStream(InputStream in) {
        this.in = new BufferedInputStream(in);
        this.reader = Thread.ofVirtual().name("messages").start(this::read);
    }

    /** What comes next; {@link Heard.Cut} where nothing does for so long. */
    Heard next(Duration patience) throws InterruptedException {
        return Optional.ofNullable(heard.poll(patience.toNanos(), TimeUnit.NANOSECONDS))
                .orElseGet(Heard.Cut::new);
    }

    @Override
    public void close() throws IOException {
        reader.interrupt();
        in.close();
    }

    private void read() {
        try {
            try {
                readMessages();
            } catch (IOException e) {
                // a connection that breaks tells no more than one that ends
                heard.put(new Heard.Cut());
                return;
            }
            heard.put(new Heard.Cut());
        } catch (InterruptedException e) {
            // it was closed: nobody reads on
            Thread.currentThread().interrupt();
        }
    }

    private void readMessages() throws IOException, InterruptedException {
        var data = new StringBuilder();
        String name = "message";
        String id = "";
        Optional<String> next = line();
        while (next.isPresent()) {
            String line = next.get();
            int colon = line.indexOf(':');
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    heard.put(new Heard.Message(name, data.substring(0, data.length() - 1), id));
                }
                data.setLength(0);
                name = "message";
            } else if (colon == 0) {
                heard.put(new Heard.Beat());
            } else {
                String field = colon < 0 ? line : line.substring(0, colon);
                String value = colon < 0 ? "" : line.substring(colon + 1);
                value = value.startsWith(" ") ? value.substring(1) : value;
                switch (field) {
                    case "event" -> name = value;
                    case "id" -> id = value;
                    case "data" -> data.append(value).append('\n');
                    default -> {
                        // a field that is not known is left out of account: so the format says
                    }
                }
                if (data.length() > LARGEST) {
                    throw new IOException("a message of more than " + LARGEST + " bytes");
                }
            }
            next = line();
        }
    }

    /** A line, which ends with CR, LF or both; empty at the end. */
    private Optional<String> line() throws IOException {
        int read = in.read();
        if (read == '\n' && endedWithReturn) {
            read = in.read();
        }
        if (read < 0) {
            return Optional.empty();
        }
        var line = new ByteArrayOutputStream();
        while (read >= 0 && read != '\n' && read != '\r') {
            if (line.size() >= LARGEST) {
                throw new IOException("a line of more than " + LARGEST + " bytes");
            }
            line.write(read);
            read = in.read();
        }
        endedWithReturn = read == '\r';
        return Optional.of(line.toString(StandardCharsets.UTF_8));
    }
}
