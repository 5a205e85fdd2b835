package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("compose control, with a fake docker compose that manages a real process")
final class ComposeControlTest extends ServiceControlContract {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    @BeforeEach
    void writeFakeCompose() throws IOException {
        Scripts.write(folder, "up", Scripts.START);
        Scripts.write(folder, "stop", Scripts.STOP);
        Scripts.write(folder, "kill", "kill -9 \"$(cat pid)\"; rm pid");
        Scripts.write(folder, "exec", Scripts.STATUS + " || { echo 'service \"odoo\" is not running' >&2; exit 1; }");
        Scripts.write(folder, "logs", "echo 'odoo-1  | a line of the log'");
        Scripts.write(folder, "docker", """
                echo "$@" >> calls
                case "$4" in
                  config) printf 'name: shop\\nservices:\\n  db:\\n    image: postgres\\n  odoo:\\n    image: odoo\\nvolumes:\\n  data: {}\\n'; exit 0 ;;
                  ps) [ ! -e away ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }; exit 0 ;;
                esac
                [ "$1" = compose ] && [ "$2" = -f ] || { echo "unknown: $*" >&2; exit 2; }
                case "$*" in *" odoo" | *" odoo true") ;; *) echo "no such service" >&2; exit 1 ;; esac
                exec "./$4"
                """);
    }

    @AfterEach
    void endProcess() {
        Scripts.process(folder).ifPresent(ProcessHandle::destroyForcibly);
    }

    @Override
    ServiceControl control() {
        return control("odoo");
    }

    private ServiceControl control(String service) {
        return ServiceControl.of(new ServiceBinding.Compose(
                List.of(folder.resolve("docker").toString(), "compose"),
                folder.resolve("docker-compose.yml"),
                service,
                LIMIT));
    }

    @Override
    Optional<Boolean> reallyRuns() {
        return Optional.of(Scripts.process(folder).isPresent());
    }

    @Test
    void only_the_service_itself_is_touched_and_its_container_is_kept() throws IOException {
        control().start();
        control().stop();
        assertThat(Files.readAllLines(folder.resolve("calls")))
                .anySatisfy(call -> assertThat(call).endsWith("up -d --no-deps --no-recreate odoo"))
                .anySatisfy(call -> assertThat(call).endsWith("stop -t 20 odoo"))
                .noneSatisfy(call -> assertThat(call).contains(" down"));
    }

    @Test
    void a_container_that_does_not_stop_is_killed() throws IOException {
        Scripts.write(folder, "stop", "echo 'timed out' >&2; exit 1");
        control().start();
        ServiceControl.Outcome outcome = control().stop();
        assertThat(outcome.succeeded()).as(outcome.log()).isTrue();
        assertThat(outcome.log()).contains("timed out", "kill odoo");
        assertThat(reallyRuns()).contains(false);
    }

    @Test
    void a_service_or_a_manager_that_there_is_not_is_seen_before_anything_depends_on_it() throws IOException {
        assertThat(faultOf(() -> control("data").examine()).facts().get("tool_output"))
                .isEqualTo("its services are: db, odoo");
        Files.createFile(folder.resolve("away"));
        assertThat(faultOf(() -> control().examine()).facts().get("tool_output"))
                .contains("Cannot connect to the Docker daemon");
    }

    private static Fault faultOf(ThrowingCallable look) {
        return catchThrowableOfType(FaultException.class, look).fault();
    }

    @Test
    void a_service_that_the_compose_file_does_not_have_is_reported_in_its_words() {
        ServiceControl.Outcome outcome = control("shop").start();
        assertThat(outcome.succeeded()).isFalse();
        assertThat(outcome.log()).contains("no such service");
    }
}
