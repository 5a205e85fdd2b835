package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.progress.Progress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DigestParsingTest {
    private static final String END = "--\n-- PostgreSQL database dump complete\n--\n";

    @Test
    void a_row_may_hold_anything_and_be_longer_than_the_buffer() throws IOException {
        String rows = "1\tCOPY public.x (a) FROM stdin;\n2\t\\\\.\n\\.x\n\n3\t" + "y".repeat(3_000_000) + "\n";
        var content = read("COPY public.\"T a\"\"b\" (id, \"c) FROM stdin;\") FROM stdin;\n" + rows + "\\.\n\n" + END);
        assertThat(content.tables()).singleElement().satisfies(table -> {
            assertThat(table.table()).isEqualTo("public.\"T a\"\"b\"");
            assertThat(table.rows()).isEqualTo(5);
            assertThat(table.sha256()).isEqualTo(Hashes.sha256(rows));
        });
    }

    @Test
    void the_pieces_in_which_a_stream_arrives_change_nothing() throws IOException {
        String text =
                "SELECT pg_catalog.setval('public.\"it''s\"', 42, true);\nCOPY public.\"Ä\nb\" (id) FROM stdin;\n1\n22\n\\.\n"
                        + "COPY s.empty  FROM stdin;\n\\.\n" + END;
        var whole = read(text);
        var bytewise = DataDigest.read(new OneByteStream(text), Progress.NONE);
        assertThat(bytewise).isEqualTo(whole);
        assertThat(whole.sequences()).containsEntry("public.\"it's\"", "42, true");
        assertThat(whole.tables().get(0).table()).isEqualTo("public.\"Ä\nb\"");
        assertThat(whole.tables().get(1).rows()).isZero();
    }

    @Test
    void the_row_sum_does_not_depend_on_the_order_and_the_digest_does() throws IOException {
        var one = read("COPY t (a) FROM stdin;\n1\n2\n\\.\n" + END).tables().getFirst();
        var other = read("COPY t (a) FROM stdin;\n2\n1\n\\.\n" + END).tables().getFirst();
        assertThat(one.rowSum()).isEqualTo(other.rowSum());
        assertThat(one.sha256()).isNotEqualTo(other.sha256());
    }

    @Test
    void the_columns_are_those_of_the_copy_statement_in_its_order() throws IOException {
        assertThat(DataDigest.columnsOf("COPY public.\"T (a\" (id, \"c, \"\") FROM stdin;\", b, \"\"\"\") FROM stdin;"))
                .containsExactly("id", "c, \") FROM stdin;", "b", "\"");
        assertThat(DataDigest.columnsOf("COPY public.empty  FROM stdin;")).isEmpty();
        assertThatIOException().isThrownBy(() -> DataDigest.columnsOf("COPY public.t (a, b"));
    }

    @Test
    void data_that_ends_early_is_refused() {
        assertThatIOException().isThrownBy(() -> read("")).withMessageContaining("early");
        assertThatIOException()
                .isThrownBy(() -> read("COPY t (a) FROM stdin;\n1\n"))
                .withMessageContaining("t ends early");
        assertThatIOException().isThrownBy(() -> read("COPY t (a) FROM stdin;\n1\n\\.\n"));
        assertThatIOException().isThrownBy(() -> read("-- half a li"));
    }

    @Test
    void large_objects_are_digested_whatever_the_pieces_they_are_written_in() throws IOException {
        String open = "SELECT pg_catalog.lo_open('7', 131072);\n";
        String close = "SELECT pg_catalog.lo_close(0);\n";
        var one = read(open + "SELECT pg_catalog.lowrite(0, '\\xdeadbeef');\n" + close + END);
        var two = read(open + "SELECT pg_catalog.lowrite(0, '\\xdead');\nSELECT pg_catalog.lowrite(0, '\\xbeef');\n"
                + close + END);
        assertThat(one).isEqualTo(two);
        assertThat(one.largeObjects()).isEqualTo(1);
    }

    @Test
    void a_cast_of_an_array_reads_the_same_before_and_after_a_restore() {
        String before =
                "CHECK ((state)::text = ANY ((ARRAY['a,''b]'::character varying, 'c'::character varying])::text[]))";
        String after =
                "CHECK ((state)::text = ANY (ARRAY[('a,''b]'::character varying)::text, ('c'::character varying)::text]))";
        assertThat(SchemaDigest.castElementwise(before)).isEqualTo(after);
        assertThat(SchemaDigest.castElementwise(after)).isEqualTo(after);
        assertThat(SchemaDigest.castElementwise("f((ARRAY[1, 2")).isEqualTo("f((ARRAY[1, 2");
    }

    @Test
    void the_order_of_definitions_does_not_matter_and_their_text_does() throws IOException {
        String a = "--\n-- Name: a; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE a ();\n\n";
        String b = "--\n-- Name: b; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE b ();\n\n";
        assertThat(schema("\\restrict x\n-- Dumped from 1\n" + a + b))
                .isEqualTo(schema("\\restrict y\n-- Dumped from 2\n" + b + a));
        var other = schema(a + b.replace("b ()", "b (id int)"));
        assertThat(other.sha256()).isNotEqualTo(schema(a + b).sha256());
        assertThat(other.differences(schema(a + b))).singleElement().asString().contains("b; Type: TABLE");
        assertThatIOException()
                .isThrownBy(() -> SchemaDigest.read(new ByteArrayInputStream(a.getBytes(StandardCharsets.UTF_8))));
    }

    private static SchemaDigest schema(String text) throws IOException {
        return SchemaDigest.read(new ByteArrayInputStream((text + END).getBytes(StandardCharsets.UTF_8)));
    }

    private static DataDigest.Content read(String text) throws IOException {
        return DataDigest.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), Progress.NONE);
    }

    /** Gives a single byte at each read, as a slow pipe may. */
    private static final class OneByteStream extends InputStream {
        private final byte[] bytes;
        private int at;

        OneByteStream(String text) {
            this.bytes = text.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public int read() {
            return at < bytes.length ? bytes[at++] & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            int b = read();
            if (b < 0) {
                return -1;
            }
            into[offset] = (byte) b;
            return 1;
        }
    }
}
