package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class PlainDumpTest {
    private static String filtered(String text) throws IOException {
        var in = new PlainDump.Lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void only_the_lines_that_a_restricted_psql_stops_at_are_left_out() throws IOException {
        assertThat(
                        filtered(
                                "--\n\\restrict abcDEF1\n\nSET transaction_timeout = 0;\nSET x = 1;\nSELECT 'é';\n\\unrestrict abcDEF1\n"))
                .isEqualTo("--\n\nSET x = 1;\nSELECT 'é';\n");
    }

    @Test
    void what_odoo_does_to_the_extension_unaccent_comes_after_it_and_only_there() throws IOException {
        String extension = "CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;\n";
        String data = "COPY public.t (" + "a, ".repeat(400) + "z) FROM stdin;\n" + extension + "\\.\n";
        assertThat(filtered("SET x = 1;\n" + extension + data))
                .isEqualTo("SET x = 1;\n" + extension + ImmutableUnaccent.DECLARE_WHERE_ALLOWED + "\n" + data);
        String other = "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;\nCREATE TABLE t ();\n";
        assertThat(filtered(other)).isEqualTo(other);
    }

    @Test
    void every_other_byte_stays_data_and_commands_too() throws IOException {
        for (String text : new String[] {
            "",
            "no newline at the end",
            "\\",
            "S",
            "\\.\n",
            "\\! touch x\n",
            "\\restrict two words\n",
            "a \\restrict abc\n",
            "SELECT 1;\n".repeat(200) + "SET transaction_timeout = 0;\n",
            "S".repeat(2000) + "\n\\N\t" + "x".repeat(600_000) + "\n",
            "\\restrict " + "a".repeat(5000) + "\nS\n"
        }) {
            assertThat(filtered(text)).isEqualTo(text);
        }
    }
}
