package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every control of a service keeps to. */
abstract class ServiceControlContract {
    /** The control under test; its service does not run yet. */
    abstract ServiceControl control();

    /** Whether the service really runs; empty where there is none. */
    abstract Optional<Boolean> reallyRuns();

    @Test
    void start_and_stop_bring_the_service_where_they_say() {
        ServiceControl control = control();
        ServiceControl.Outcome start = control.start();
        assertThat(start.succeeded()).as(start.log()).isTrue();
        assertThat(reallyRuns()).isEqualTo(control.isRunning());
        reallyRuns().ifPresent(runs -> assertThat(runs).isTrue());
        ServiceControl.Outcome stop = control.stop();
        assertThat(stop.succeeded()).as(stop.log()).isTrue();
        reallyRuns().ifPresent(runs -> assertThat(runs).isFalse());
        assertThat(reallyRuns()).isEqualTo(control.isRunning());
    }

    @Test
    void what_is_already_so_is_no_failure() {
        ServiceControl control = control();
        assertThat(control.stop().succeeded()).isTrue();
        assertThat(control.start().succeeded()).isTrue();
        assertThat(control.start().succeeded()).isTrue();
        assertThat(control.stop().succeeded()).isTrue();
    }

    @Test
    void what_the_manager_keeps_of_the_log_is_given_or_nothing_at_all() {
        ServiceControl control = control();
        control.start();
        control.logs(Instant.now().minusSeconds(60))
                .ifPresent(log -> assertThat(log).contains("a line of the log"));
        assertThat(control.logs(Instant.now().minusSeconds(60)).isPresent())
                .isEqualTo(control.isRunning().isPresent());
    }

    @Test
    void a_service_that_is_there_is_seen_whether_it_runs_or_not_and_nothing_is_changed_by_the_look() {
        ServiceControl control = control();
        assertThat(control.examine()).isNotBlank();
        control.start();
        assertThat(control.examine()).isNotBlank();
        reallyRuns().ifPresent(runs -> assertThat(runs).isTrue());
    }

    @Test
    void an_outcome_always_says_what_happened() {
        ServiceControl control = control();
        assertThat(control.start().log()).isNotBlank();
        assertThat(control.stop().log()).isNotBlank();
        assertThat(control.stop().controlled()).isEqualTo(control.isRunning().isPresent());
    }
}
