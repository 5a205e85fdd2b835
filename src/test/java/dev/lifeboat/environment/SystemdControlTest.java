package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("systemd control, with a fake systemctl in a folder of its own")
final class SystemdControlTest extends ServiceControlContract {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    @BeforeEach
    void writeFakeSystemctl() throws IOException {
        Scripts.write(folder, "start", Scripts.START);
        Scripts.write(folder, "stop", Scripts.STOP);
        Scripts.write(folder, "is-active", Scripts.STATUS + " && { echo active; exit 0; }; echo inactive; exit 3");
        Scripts.write(folder, "status", "echo journal of the unit; exit 3");
        Scripts.write(folder, "systemctl", """
                echo "$@" >> calls
                while [ "${1#--}" != "$1" ]; do shift; done
                if [ "$1" = show ]; then
                  [ "$4" = odoo.service ] && echo LoadState=loaded || echo LoadState=not-found
                  echo ActiveState=inactive; exit 0
                fi
                if [ "$1" = kill ]; then shift; set -- kill "$2" "$3"; fi
                [ "$2" = -- ] && [ "$3" = odoo.service ] || { echo "Unit $3 not found." >&2; exit 5; }
                exec "./$1"
                """);
    }

    @BeforeEach
    void writeFakeJournalctl() throws IOException {
        Scripts.write(folder, "journalctl", "echo \"$@\" >> calls; echo a line of the log");
    }

    @AfterEach
    void endProcess() {
        Scripts.process(folder).ifPresent(ProcessHandle::destroyForcibly);
    }

    @Override
    ServiceControl control() {
        return control("odoo.service");
    }

    private ServiceControl control(String unit) {
        return new SystemdControl(new ServiceBinding.Systemd(unit, LIMIT), Optional.of(folder));
    }

    @Override
    Optional<Boolean> reallyRuns() {
        return Optional.of(Scripts.process(folder).isPresent());
    }

    @Test
    void fake_systemctl_is_never_asked_to_prompt_and_gets_the_unit_as_a_name_only() throws IOException {
        control().stop();
        assertThat(Files.readAllLines(folder.resolve("calls")))
                .allSatisfy(
                        call -> assertThat(call).contains("--no-ask-password").endsWith("-- odoo.service"));
    }

    @Test
    void a_unit_that_fake_systemctl_does_not_know_is_reported_in_its_words() {
        ServiceControl.Outcome outcome = control("other.service").start();
        assertThat(outcome.succeeded()).isFalse();
        assertThat(outcome.log()).contains("Unit other.service not found.", "exit code 5");
    }

    @Test
    void a_unit_that_there_is_not_is_seen_before_anything_depends_on_it() {
        var fault = catchThrowableOfType(
                        FaultException.class, () -> control("other.service").examine())
                .fault();
        assertThat(fault.code()).isEqualTo(FaultCode.SERVICE_FAILED);
        assertThat(fault.message()).contains("other.service");
        assertThat(fault.facts().get("tool_output")).contains("LoadState=not-found");
    }

    @Test
    void a_unit_that_does_not_stop_in_time_is_killed() throws IOException {
        Scripts.write(folder, "stop", "if [ -f killed ]; then rm -f pid; exit 0; fi; sleep 300");
        Scripts.write(folder, "kill", "kill -9 \"$(cat pid)\"; touch killed");
        var control = new SystemdControl(
                new ServiceBinding.Systemd("odoo.service", Duration.ofMillis(800)), Optional.of(folder));
        control.start();
        ServiceControl.Outcome outcome = control.stop();
        assertThat(outcome.succeeded()).as(outcome.log()).isTrue();
        assertThat(outcome.log()).contains("not finished within", "--signal=SIGKILL");
        assertThat(reallyRuns()).contains(false);
    }

    @Test
    void a_unit_that_is_not_active_any_more_but_does_not_end_is_killed_too() throws IOException {
        Scripts.write(folder, "stop", "if [ -f killed ]; then rm -f pid; exit 0; fi; touch deactivating; sleep 300");
        Scripts.write(folder, "is-active", "[ -f deactivating ] && { echo deactivating; exit 3; }; echo active");
        Scripts.write(folder, "kill", "kill -9 \"$(cat pid)\"; touch killed");
        var control = new SystemdControl(
                new ServiceBinding.Systemd("odoo.service", Duration.ofMillis(800)), Optional.of(folder));
        control.start();
        assertThat(control.stop().succeeded()).isTrue();
        assertThat(reallyRuns()).contains(false);
    }

    @Test
    void a_unit_that_dies_right_after_its_start_is_reported_with_its_status() throws IOException {
        Scripts.write(folder, "start", "exit 0");
        ServiceControl.Outcome outcome = control().start();
        assertThat(outcome.succeeded()).isFalse();
        assertThat(outcome.log()).contains("inactive", "journal of the unit");
    }
}
