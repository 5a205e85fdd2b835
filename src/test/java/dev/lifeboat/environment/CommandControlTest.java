package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CommandControlTest extends ServiceControlContract {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    @BeforeEach
    void writeScripts() throws IOException {
        Scripts.write(folder, "start", Scripts.START);
        Scripts.write(folder, "stop", Scripts.STOP);
        Scripts.write(folder, "status", Scripts.STATUS);
        Scripts.write(folder, "log", "echo a line of the log");
    }

    @AfterEach
    void endProcess() {
        Scripts.process(folder).ifPresent(ProcessHandle::destroyForcibly);
    }

    @Override
    ServiceControl control() {
        return control("start", "stop", Optional.of("status"), LIMIT);
    }

    private ServiceControl control(String start, String stop, Optional<String> status, Duration limit) {
        return ServiceControl.of(new ServiceBinding.Command(
                program(start),
                program(stop),
                status.map(this::program).orElse(List.of()),
                List.of(),
                program("log"),
                limit));
    }

    private List<String> program(String name) {
        return List.of(folder.resolve(name).toString());
    }

    @Override
    Optional<Boolean> reallyRuns() {
        return Optional.of(Scripts.process(folder).isPresent());
    }

    @Test
    void a_program_that_there_is_not_is_seen_before_anything_depends_on_it() {
        var fault = catchThrowableOfType(
                        FaultException.class, () -> control("start", "none", Optional.of("status"), LIMIT)
                                .examine())
                .fault();
        assertThat(fault.code()).isEqualTo(FaultCode.SERVICE_FAILED);
        assertThat(fault.message()).contains(folder.resolve("none").toString());
    }

    @Test
    void arguments_reach_the_program_as_they_are() throws IOException {
        Scripts.write(folder, "echo-arguments", "for a in \"$@\"; do echo \"<$a>\"; done");
        var control = ServiceControl.of(new ServiceBinding.Command(
                List.of(folder.resolve("echo-arguments").toString(), "a b", "$HOME; rm -rf", "*"),
                program("stop"),
                List.of(),
                List.of(),
                List.of(),
                LIMIT));
        assertThat(control.start().log()).contains("<a b>", "<$HOME; rm -rf>", "<*>");
    }

    @Test
    void a_failing_program_is_reported_with_its_code_and_words() throws IOException {
        Scripts.write(folder, "broken", "echo to-stdout; echo to-stderr >&2; exit 7");
        ServiceControl.Outcome outcome =
                control("broken", "stop", Optional.of("status"), LIMIT).start();
        assertThat(outcome.succeeded()).isFalse();
        assertThat(outcome.log()).contains("exit code 7", "to-stdout", "to-stderr");
    }

    @Test
    void a_program_that_only_claims_success_is_found_out_by_the_status() throws IOException {
        Scripts.write(folder, "lazy", "exit 0");
        assertThat(control("lazy", "stop", Optional.of("status"), LIMIT).start().succeeded())
                .isFalse();
        control().start();
        assertThat(control("start", "lazy", Optional.of("status"), LIMIT).stop().succeeded())
                .isFalse();
        assertThat(reallyRuns()).contains(true);
    }

    @Test
    void a_program_that_hangs_is_ended_and_reported() throws IOException {
        Scripts.write(folder, "hang", "echo $$ > pid; echo about to hang >&2; exec sleep 300");
        ServiceControl.Outcome outcome = control("hang", "stop", Optional.empty(), Duration.ofMillis(500))
                .start();
        assertThat(outcome.succeeded()).isFalse();
        assertThat(outcome.log()).contains("not finished within", "about to hang");
        assertThat(reallyRuns()).contains(false);
    }

    @Test
    void a_service_that_does_not_stop_in_time_is_ended_by_the_command_for_that() throws IOException {
        Scripts.write(folder, "stubborn", "exec sleep 300");
        var control = ServiceControl.of(new ServiceBinding.Command(
                program("start"),
                program("stubborn"),
                program("status"),
                program("stop"),
                List.of(),
                Duration.ofSeconds(3)));
        control.start();
        ServiceControl.Outcome outcome = control.stop();
        assertThat(outcome.succeeded()).as(outcome.log()).isTrue();
        assertThat(outcome.log()).contains("not finished within", "stopped");
        assertThat(reallyRuns()).contains(false);
    }

    @Test
    void without_a_status_command_nobody_knows_whether_it_runs() {
        assertThat(control("start", "stop", Optional.empty(), LIMIT).isRunning())
                .isEmpty();
    }

    @Test
    void a_program_that_is_not_there_is_a_fault() {
        ServiceControl control = control("nowhere", "stop", Optional.empty(), LIMIT);
        var thrown = catchThrowableOfType(FaultException.class, control::start);
        assertThat(thrown.fault().code()).isEqualTo(FaultCode.SERVICE_FAILED);
        assertThat(thrown.fault().remedy()).contains("service");
    }
}
