package dev.lifeboat.progress;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmountsTest {
    @ParameterizedTest
    @CsvSource({"0, 0 B", "999, 999 B", "1000, 1.0 kB", "312000000, 312 MB", "4300000000, 4.3 GB"})
    void sizes_have_decimal_units(long bytes, String text) {
        assertThat(Amounts.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0.0 s", "2.14, 2.1 s", "59.94, 59.9 s", "60, 1 min 00 s", "3661, 1 h 01 min"})
    void durations_have_the_units_that_fit(double seconds, String text) {
        assertThat(Amounts.seconds(seconds)).isEqualTo(text);
    }
}
