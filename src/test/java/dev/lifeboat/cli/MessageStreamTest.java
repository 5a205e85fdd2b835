package dev.lifeboat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageStreamTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static List<MessageStream.Heard> heard(InputStream in) throws IOException, InterruptedException {
        var all = new ArrayList<MessageStream.Heard>();
        try (var stream = new MessageStream(in)) {
            do {
                all.add(stream.next(PATIENCE));
            } while (!(all.getLast() instanceof MessageStream.Heard.Cut));
        }
        return all;
    }

    private static List<MessageStream.Heard> heard(String text) throws IOException, InterruptedException {
        return heard(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void messages_are_read_whatever_ends_their_lines(String end) throws IOException, InterruptedException {
        String text = String.join(
                end,
                ": hello",
                "id: 7",
                "event:run",
                "data: {\"a\":",
                "data:1}",
                "",
                "retry: 3",
                "data: Grüße",
                "",
                "");
        assertThat(heard(text))
                .containsExactly(
                        new MessageStream.Heard.Beat(),
                        new MessageStream.Heard.Message("run", "{\"a\":\n1}", "7"),
                        new MessageStream.Heard.Message("message", "Grüße", "7"),
                        new MessageStream.Heard.Cut());
    }

    @Test
    void what_was_cut_in_the_middle_is_no_message() throws IOException, InterruptedException {
        assertThat(heard("data: whole\n\nevent: end\ndata: {\"status\""))
                .containsExactly(
                        new MessageStream.Heard.Message("message", "whole", ""), new MessageStream.Heard.Cut());
    }

    @Test
    void a_page_that_is_no_stream_says_nothing() throws IOException, InterruptedException {
        assertThat(heard("<html>\n<body>gateway</body>\n\n</html>\n")).containsExactly(new MessageStream.Heard.Cut());
    }

    @Test
    void a_line_without_an_end_is_not_kept() throws IOException, InterruptedException {
        var endless = new InputStream() {
            private long given;

            @Override
            public int read() {
                given++;
                return 'x';
            }

            @Override
            public int read(byte[] into, int at, int length) {
                Arrays.fill(into, at, at + length, (byte) 'x');
                given += length;
                return length;
            }
        };
        assertThat(heard(endless)).containsExactly(new MessageStream.Heard.Cut());
        assertThat(endless.given).isLessThan(10 << 20);
    }

    @Test
    void who_hears_nothing_waits_no_longer_than_it_says() throws IOException, InterruptedException {
        try (var silent = new PipedOutputStream();
                var stream = new MessageStream(new PipedInputStream(silent))) {
            assertThat(stream.next(Duration.ofMillis(50))).isEqualTo(new MessageStream.Heard.Cut());
        }
    }
}
