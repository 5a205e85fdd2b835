package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceControlTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    @Test
    void a_service_of_commands_is_stopped_and_started_and_its_state_is_known() {
        Path running = folder.resolve("it runs; really");
        var control = ServiceControl.of(new ServiceBinding.Command(
                List.of("touch", running.toString()),
                List.of("rm", running.toString()),
                List.of("test", "-e", running.toString()),
                List.of(),
                List.of(),
                LIMIT));

        assertThat(control.isRunning()).contains(false);
        assertThat(control.start().succeeded()).isTrue();
        assertThat(control.isRunning()).contains(true);
        assertThat(Files.exists(running)).isTrue();
        assertThat(control.stop().succeeded()).isTrue();
        assertThat(control.isRunning()).contains(false);
    }

    @Test
    void a_command_that_fails_is_told_with_its_own_words() {
        var control = ServiceControl.of(command(List.of("ls", "/no/such/place"), LIMIT));

        ServiceControl.Outcome start = control.start();

        assertThat(start.succeeded()).isFalse();
        assertThat(start.log()).contains("/no/such/place", "exit code 2");
        assertThat(control.isRunning()).isEmpty();
    }

    @Test
    void a_command_that_is_not_there_is_a_fault_and_one_that_never_ends_is_reported() {
        var missing = ServiceControl.of(command(List.of("/no/such/program"), LIMIT));
        var endless = ServiceControl.of(command(List.of("sleep", "60"), Duration.ofMillis(200)));

        assertThat(catchThrowableOfType(FaultException.class, missing::start)
                        .fault()
                        .code())
                .isEqualTo(FaultCode.SERVICE_FAILED);
        assertThat(endless.start().succeeded()).isFalse();
    }

    @Test
    void a_service_that_is_not_controlled_says_so() {
        ServiceControl.Outcome stop =
                ServiceControl.of(new ServiceBinding.None()).stop();

        assertThat(stop.controlled()).isFalse();
        assertThat(stop.log()).contains("none");
    }

    private static ServiceBinding.Command command(List<String> start, Duration limit) {
        return new ServiceBinding.Command(start, List.of("true"), List.of(), List.of(), List.of(), limit);
    }
}
