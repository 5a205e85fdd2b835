package dev.lifeboat.filestore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ReferredNamesTest {
    private static final String A = name("00", 1);
    private static final String B = name("7f", 2);
    private static final String C = name("ff", 3);

    @Test
    void only_names_that_were_added_are_referred_to() {
        var names = new ReferredNames();
        names.add(A);
        names.add(C);
        assertThat(names.contains(A)).isTrue();
        assertThat(names.contains(C)).isTrue();
        assertThat(names.contains(B)).isFalse();
        assertThat(names.size()).isEqualTo(2);
    }

    @Test
    void a_name_that_comes_twice_counts_once() {
        var names = new ReferredNames();
        names.add(A);
        names.add(A);
        names.add("odd/name");
        names.add("odd/name");
        assertThat(names.size()).isEqualTo(2);
    }

    @Test
    void names_out_of_order_are_refused() {
        var names = new ReferredNames();
        names.add(C);
        assertThatThrownBy(() -> names.add(A)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void digits_above_7f_come_after_those_below() {
        var names = new ReferredNames();
        names.add(name("7f", 1));
        names.add(name("80", 1));
        assertThat(names.contains(name("80", 1))).isTrue();
        assertThat(names.contains(name("7f", 1))).isTrue();
    }

    @Test
    void what_was_not_seen_is_missing() {
        var names = new ReferredNames();
        names.add(A);
        names.add(B);
        names.add(C);
        names.add("a plain name");
        names.add("another");
        names.markSeen(B);
        names.markSeen("another");
        names.markSeen("of nobody");
        names.markSeen(name("11", 9));
        assertThat(names.unseen()).containsExactly(A, C, "a plain name");
    }

    @Test
    void a_name_that_is_no_content_is_kept_as_it_is() {
        var names = new ReferredNames();
        String otherFolder = "01/" + A.substring(3);
        String upperCase = "AB/" + "AB".repeat(20);
        names.add(otherFolder);
        names.add(upperCase);
        assertThat(names.contains(A)).isFalse();
        assertThat(names.contains(otherFolder)).isTrue();
        assertThat(names.unseen()).containsExactly(otherFolder, upperCase);
    }

    @Test
    void ten_thousand_names_are_all_found_again() {
        var names = new ReferredNames();
        IntStream.range(0, 10_000).forEach(i -> names.add(numbered(i)));
        assertThat(names.size()).isEqualTo(10_000);
        assertThat(IntStream.range(0, 10_000)).allMatch(i -> names.contains(numbered(i)));
        assertThat(names.contains(numbered(10_000))).isFalse();
        IntStream.range(0, 9_999).forEach(i -> names.markSeen(numbered(i)));
        assertThat(names.unseen()).containsExactly(numbered(9_999));
    }

    private static String numbered(int i) {
        return name("%02x".formatted(i >> 8), i);
    }

    private static String name(String first, int rest) {
        return first + "/" + first + "%038x".formatted(rest);
    }
}
