package dev.lifeboat.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StateFaultsTest {
    @ParameterizedTest
    @ValueSource(strings = {"08001", "08006", "57P01", "57P03", "53300"})
    void an_error_behind_which_the_server_is_not_there_is_worth_another_attempt(String sqlState) {
        var error =
                new IllegalStateException("of a framework", new RuntimeException(new SQLException("gone", sqlState)));
        assertThat(StateFaults.of(error)).map(Fault::code).contains(FaultCode.STATE_UNAVAILABLE);
        assertThat(FaultCode.STATE_UNAVAILABLE.retryable()).isTrue();
    }

    @Test
    void a_transaction_that_could_not_be_ended_tells_it_beside_its_cause() {
        var error = new IllegalStateException("not committed");
        error.addSuppressed(new SQLException("gone", "08006"));
        assertThat(StateFaults.of(error)).isPresent();
    }

    @Test
    void every_other_error_is_none_of_the_servers() {
        assertThat(StateFaults.of(new IllegalStateException(new SQLException("a wrong statement", "42601"))))
                .isEmpty();
        assertThat(StateFaults.of(new SQLException("without a state"))).isEmpty();
        assertThat(StateFaults.of(new NullPointerException())).isEmpty();
    }
}
