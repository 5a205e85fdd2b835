package dev.lifeboat.odoo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OdooLogTest {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss,SSS");
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path folder;

    private static String line(Instant time, String level, String database, String message) {
        return TIME.format(LocalDateTime.ofInstant(time, ZoneOffset.UTC)) + " 4711 " + level + " " + database
                + " odoo.service.server: " + message + "\n";
    }

    private OdooLog.Findings read(String text) throws IOException {
        return OdooLog.read(Files.writeString(folder.resolve("odoo.log"), text), NOON, "shop");
    }

    @Test
    void errors_since_the_instant_count_and_earlier_ones_do_not() throws IOException {
        OdooLog.Findings found = read(line(NOON.minusMillis(1), "ERROR", "shop", "old")
                + line(NOON, "INFO", "shop", "started")
                + line(NOON.plusSeconds(1), "ERROR", "shop", "bad query")
                + "Traceback (most recent call last):\n  ERROR in a trace is part of its line\n"
                + line(NOON.plusSeconds(2), "CRITICAL", "?", "no database"));
        assertThat(found.lines()).isEqualTo(3);
        assertThat(found.bad()).isEqualTo(2);
        assertThat(found.shown()).hasSize(2).first().asString().contains("bad query");
    }

    @Test
    void another_database_of_the_same_odoo_is_not_this_ones_matter() throws IOException {
        assertThat(read(line(NOON, "ERROR", "office", "theirs")).bad()).isZero();
    }

    @Test
    void a_message_that_only_speaks_of_errors_does_not_count() throws IOException {
        assertThat(read(line(NOON, "INFO", "shop", "an ERROR was corrected")).bad())
                .isZero();
    }

    @Test
    void modules_that_could_not_be_loaded_count_though_odoo_only_warns() throws IOException {
        assertThat(read(line(
                                NOON,
                                "WARNING",
                                "shop",
                                "Some modules are not loaded, some dependencies are missing: ['x']"))
                        .bad())
                .isOne();
    }

    @Test
    void a_long_log_gives_the_same_from_its_end_as_from_its_beginning() throws IOException {
        var text = new StringBuilder();
        int expected = 0;
        for (int i = 0; i < 20_000; i++) {
            Instant time = NOON.minusSeconds(15_000 - i);
            boolean bad = i % 7 == 0;
            text.append(line(time, bad ? "ERROR" : "INFO", "shop", "line " + i));
            if (i % 500 == 0) {
                text.append("  trace without a time\n".repeat(40));
            }
            if (bad && !time.isBefore(NOON)) {
                expected++;
            }
        }
        OdooLog.Findings found = read(text.toString());
        assertThat(found.lines()).isEqualTo(5_000);
        assertThat(found.bad()).isEqualTo(expected);
        assertThat(found.shown()).hasSize(100);
    }

    @Test
    void a_trace_that_is_longer_than_the_window_does_not_hide_what_stands_before_it() throws IOException {
        OdooLog.Findings found =
                read(line(NOON.minusSeconds(9), "INFO", "shop", "before").repeat(2_000)
                        + line(NOON, "ERROR", "shop", "with a very long trace")
                        + "  x = 1\n".repeat(60_000)
                        + "y".repeat(300_000) + "\n"
                        + line(NOON.plusSeconds(1), "ERROR", "shop", "after"));
        assertThat(found.bad()).isEqualTo(2);
    }

    @Test
    void bytes_that_are_no_text_do_not_end_the_reading() throws IOException {
        Path file = folder.resolve("odoo.log");
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0, '\n'});
        Files.writeString(file, line(NOON, "ERROR", "shop", "readable"), java.nio.file.StandardOpenOption.APPEND);
        assertThat(OdooLog.read(file, NOON, "shop").bad()).isOne();
    }
}
