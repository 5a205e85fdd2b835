package dev.lifeboat.filestore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.github.luben.zstd.Zstd;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever an index holds, it is read as it was written or refused as damaged. */
final class FilestoreIndexTest {
    private static final String SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    private static final List<IndexEntry> ENTRIES = List.of(
            new IndexEntry.Folder("da", 0755),
            file("a plain\nname ä"),
            file("b"),
            file("da/" + SHA1),
            new IndexEntry.Folder("checklist", 0700));

    @Test
    void an_index_is_read_as_it_was_written() throws IOException {
        var read = new ArrayList<IndexEntry>();
        var summary = FilestoreIndex.read(new ByteArrayInputStream(written(ENTRIES)), read::add);
        assertThat(read).isEqualTo(ENTRIES);
        assertThat(summary.files()).isEqualTo(3);
        assertThat(summary.bytes()).isEqualTo(21);
        assertThat(summary.parts()).containsExactly(Filestores.PART);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../x",
                "/x",
                "/",
                "..",
                ".",
                "",
                "a//b",
                "./a",
                "a/",
                "a/./b",
                "a/../b",
                "a/..",
                "a/../../x",
                "\0",
                "x\0y",
                "a/\0/b"
            })
    void a_name_that_leads_out_or_is_not_in_its_one_form_is_refused(String name) throws IOException {
        assertDamaged(written(List.of(file(name))));
        assertDamaged(written(List.of(new IndexEntry.Folder(name, 0755))));
    }

    @Test
    void a_wrong_order_and_a_name_twice_are_refused() throws IOException {
        assertDamaged(written(List.of(file("b"), file("a"))));
        assertDamaged(written(List.of(file("a"), file("a"))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "end 1 7 TREE\n",
                "end 3 20 TREE\n",
                "end 3 21 0000\n",
                "end 3 21\n",
                "end 3 21 TREE more\n",
                "end\n",
                "end x 21 TREE\n",
                "end 3 21 TREE\nfile",
                "end 3 21 TREE\n\n",
                "",
                "\n",
                "link 777 x y\n",
                "dir 755\n",
                "dir 10755 x\n",
                "dir rwx x\n",
                "dir -1 x\n",
                "dir 755 a\\x2\n",
                "dir 755 a\\n\n",
                "dir 755 a\\xzz\n",
                "part 0 again x\n",
                "part 1 short\n",
                "part 99999999999 a b\n",
                "file 644 0 7 " + SHA1 + " 1 0 0 z\n",
                "file 644 0 7 " + SHA1 + " -1 0 0 z\n",
                "file 644 0 -7 " + SHA1 + " 0 0 0 z\n",
                "file 644 0 7 " + SHA1 + " 0 -1 0 z\n",
                "file 644 0 7 " + SHA1 + " 0 0 -1 z\n",
                "file 644 0 7 nohash 0 0 0 z\n",
                "file 644 0 9223372036854775807 " + SHA1 + " 0 0 0 z\n",
                "file 644 0 9223372036854775808 " + SHA1 + " 0 0 0 z\n",
                "file 644 0 7 " + SHA1 + " 0 0 0\n"
            })
    void an_end_that_is_not_the_right_one_is_refused(String end) throws IOException {
        String text = text(written(ENTRIES));
        String tree = text.substring(text.lastIndexOf(' ') + 1).strip();
        String forged = text.substring(0, text.indexOf("end ")) + end.replace("TREE", tree);
        assertDamaged(compressed(forged));
    }

    @Test
    void an_index_of_another_kind_is_refused() throws IOException {
        assertDamaged(new byte[0]);
        assertDamaged(compressed(""));
        assertDamaged(compressed("lifeboat-filestore-index 2\nend 0 0 x\n"));
        assertDamaged("lifeboat-filestore-index 1\n".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void a_file_before_the_parts_is_refused() throws IOException {
        String text = text(written(ENTRIES)).replaceFirst("part .*\n", "");
        assertDamaged(compressed(text));
    }

    @Test
    void a_truncated_index_is_refused_wherever_it_is_cut() throws IOException {
        byte[] whole = written(ENTRIES);
        for (int length = 0; length < whole.length; length++) {
            assertDamaged(Arrays.copyOf(whole, length));
        }
    }

    @Test
    void a_text_that_is_cut_at_any_place_is_refused() throws IOException {
        String text = text(written(ENTRIES));
        // Without its last line feed it says the same.
        for (int length = 0; length < text.length() - 1; length++) {
            assertDamaged(compressed(text.substring(0, length)));
        }
    }

    /** A few bits of the compression's own header have no meaning; then nothing else is read. */
    @Test
    void a_flipped_byte_is_refused_or_changes_nothing() throws IOException {
        byte[] whole = written(ENTRIES);
        int harmless = 0;
        for (int at = 0; at < whole.length; at++) {
            for (int bits : new int[] {0x01, 0x10, 0x80, 0xff}) {
                byte[] flipped = whole.clone();
                flipped[at] ^= (byte) bits;
                var read = new ArrayList<IndexEntry>();
                Throwable thrown =
                        catchThrowable(() -> FilestoreIndex.read(new ByteArrayInputStream(flipped), read::add));
                if (thrown == null) {
                    assertThat(read).as("byte %d, bits %x", at, bits).isEqualTo(ENTRIES);
                    harmless++;
                } else {
                    assertIsDamaged(thrown);
                }
            }
        }
        assertThat(harmless).isLessThan(8);
    }

    @Test
    void text_after_the_archive_is_refused() throws IOException {
        byte[] whole = written(ENTRIES);
        byte[] more = Arrays.copyOf(whole, whole.length + 5);
        assertDamaged(more);
    }

    private static IndexEntry.File file(String path) {
        return new IndexEntry.File(path, 0644, 1_700_000_000, 7, SHA1, 0, 1234, 512);
    }

    private static byte[] written(List<IndexEntry> entries) throws IOException {
        var out = new ByteArrayOutputStream();
        List<FilestoreIndex.PartRef> parts = List.of(Filestores.PART);
        try (var writer = new FilestoreIndex.Writer(out, parts)) {
            for (IndexEntry entry : entries) {
                writer.add(entry);
            }
            writer.finish(parts);
        }
        return out.toByteArray();
    }

    private static String text(byte[] index) throws IOException {
        try (var in = new com.github.luben.zstd.ZstdInputStream(new ByteArrayInputStream(index))) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static byte[] compressed(String text) {
        return Zstd.compress(text.getBytes(StandardCharsets.US_ASCII), 1);
    }

    private static void assertDamaged(byte[] index) {
        assertIsDamaged(catchThrowable(() -> FilestoreIndex.read(new ByteArrayInputStream(index), entry -> {})));
    }

    private static void assertIsDamaged(Throwable thrown) {
        assertThat(thrown)
                .isInstanceOfSatisfying(
                        FaultException.class, e -> assertThat(e.fault().code()).isEqualTo(FaultCode.ARTIFACT_DAMAGED));
    }
}
