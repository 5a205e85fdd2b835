package dev.lifeboat.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.guardrail.Guardrail;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.RestoreOrder;
import dev.lifeboat.orchestrator.RunOrders;
import dev.lifeboat.orchestrator.Step;
import dev.lifeboat.orchestrator.Workflows;
import dev.lifeboat.run.Operation;
import dev.lifeboat.step.StepFunction;
import dev.lifeboat.step.StepRequest;
import io.quarkus.funqy.Funq;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The folder of each function says what the code does. */
final class FunctionFolderTest {
    private static final Path FOLDERS = Path.of("functions");
    private static final Set<String> FIELDS = Set.of(
            "name",
            "class",
            "summary",
            "effect",
            "sidecar",
            "memory_mib",
            "timeout_seconds",
            "triggers",
            "permissions");
    /** Called around runs, so they are no steps. */
    private static final Map<String, String> OUTSIDE_WORKFLOWS =
            Map.of("preflight", "[http]", "start", "[http, event]", "advance", "[http, event, schedule]");

    @Test
    void every_function_has_its_folder_and_every_folder_its_function() throws Exception {
        try (Stream<Path> folders = Files.list(FOLDERS)) {
            assertThat(folders.map(folder -> folder.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(functions().keySet());
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void a_folder_describes_its_function(String name) throws Exception {
        Map<String, Object> described = yaml(name);
        Set<String> guardrails = Arrays.stream(Guardrail.values())
                .filter(guardrail -> guardrail.function().equals(name))
                .map(Guardrail::wireName)
                .collect(Collectors.toSet());
        Object declared = described.remove("guardrails");
        assertThat(declared == null ? Set.of() : ((Map<?, ?>) declared).keySet())
                .isEqualTo(guardrails);
        Object everyMinutes = described.remove("every_minutes");
        if (((List<?>) described.get("triggers")).contains("schedule")) {
            assertThat((Integer) everyMinutes).isBetween(1, 59);
        } else {
            assertThat(everyMinutes).isNull();
        }
        assertThat(described.keySet()).isEqualTo(FIELDS);
        assertThat(described)
                .containsEntry("name", name)
                .containsEntry("class", functions().get(name).getName());
        assertThat(described.get("summary")).asString().isNotBlank().endsWith(".");
        assertThat(described.get("effect")).isIn("reads", "writes", "destroys");
        assertThat(described.get("sidecar")).isInstanceOf(Boolean.class);
        assertThat((Integer) described.get("memory_mib")).isBetween(64, 2048);
        assertThat((Integer) described.get("timeout_seconds")).isPositive();
        assertThat((List<?>) described.get("triggers"))
                .isNotEmpty()
                .allMatch(Set.of("orchestrator", "http", "event", "schedule")::contains);
        assertThat((List<?>) described.get("permissions"))
                .isNotEmpty()
                .allMatch(permission -> permission.toString().matches("[a-z]+: [a-z ,]+"));
    }

    @ParameterizedTest
    @MethodSource("names")
    void a_function_has_as_long_as_its_step_may_take(String name) throws Exception {
        var limit = steps().filter(step -> step.name().equals(name))
                .mapToLong(step -> step.limit().toSeconds())
                .max();
        Map<String, Object> described = yaml(name);
        if (OUTSIDE_WORKFLOWS.containsKey(name)) {
            assertThat(limit).isEmpty();
            assertThat((List<?>) described.get("triggers")).asString().isEqualTo(OUTSIDE_WORKFLOWS.get(name));
        } else {
            assertThat(((Integer) described.get("timeout_seconds")).longValue()).isEqualTo(limit.orElseThrow());
            assertThat((List<?>) described.get("triggers")).asString().isEqualTo("[orchestrator, http]");
        }
    }

    @Test
    void every_step_of_every_workflow_has_a_function_and_every_function_a_step_but_those_around_runs()
            throws Exception {
        Set<String> expected = steps().map(Step::name).collect(Collectors.toSet());
        expected.addAll(OUTSIDE_WORKFLOWS.keySet());
        assertThat(functions().keySet()).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("names")
    void the_class_of_a_function_names_it(String name) throws Exception {
        assertThat(StepFunction.class.isAssignableFrom(functions().get(name)))
                .isEqualTo(!OUTSIDE_WORKFLOWS.containsKey(name));
        assertThat(functions().get(name).getPackageName()).isEqualTo("dev.lifeboat.functions");
    }

    @ParameterizedTest
    @MethodSource("names")
    void the_example_request_is_one_that_the_function_takes(String name) throws Exception {
        String example = Files.readString(FOLDERS.resolve(name).resolve("request.example.json"));
        switch (name) {
            case "preflight" -> {
                Preflight.Request request = Json.mapper().readValue(example, Preflight.Request.class);
                assertThat(request.environment()).isNotBlank();
                assertThat(request.unknown()).isNullOrEmpty();
            }
            case "start" -> {
                Start.Request request = Json.mapper().readValue(example, Start.Request.class);
                assertThat(RunOrders.operation(request.operation())).isEqualTo(Operation.RESTORE);
                assertThat(Json.convert(request.order(), RestoreOrder.class).confirm())
                        .contains("prod");
                assertThat(request.unknown()).isNullOrEmpty();
            }
            case "advance" -> {
                Advance.Request request = Json.mapper().readValue(example, Advance.Request.class);
                assertThat(request.sweep()).isTrue();
                assertThat(request.unknown()).isNullOrEmpty();
            }
            default -> {
                StepRequest request = Json.mapper().readValue(example, StepRequest.class);
                assertThatCode(request::checked).doesNotThrowAnyException();
                assertThat(Workflows.of(Operation.of(request.operation())).all())
                        .as("the example's operation has the step")
                        .extracting(Step::name)
                        .contains(name);
            }
        }
    }

    @Test
    void a_backup_must_leave_the_evidence_that_its_specification_lists() {
        assertThat(EvidenceContract.BACKUP).hasSize(11);
        assertThat(Workflows.of(Operation.BACKUP).requiredEvidence())
                .containsExactlyInAnyOrderElementsOf(EvidenceContract.BACKUP);
    }

    @Test
    void a_restore_must_leave_the_evidence_that_its_specification_lists() {
        assertThat(EvidenceContract.RESTORE).hasSize(16);
        assertThat(Workflows.of(Operation.RESTORE).requiredEvidence())
                .containsAll(EvidenceContract.RESTORE)
                .doesNotHaveDuplicates();
    }

    static Stream<String> names() throws IOException, URISyntaxException, ClassNotFoundException {
        return functions().keySet().stream();
    }

    private static Stream<Step> steps() {
        return Arrays.stream(Operation.values())
                .flatMap(operation -> Workflows.of(operation).all());
    }

    private static Map<String, Object> yaml(String name) throws IOException {
        try (InputStream in = Files.newInputStream(FOLDERS.resolve(name).resolve("function.yaml"))) {
            return new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
        }
    }

    /** The classes that have a function, by the function's name. */
    private static Map<String, Class<?>> functions() throws IOException, URISyntaxException, ClassNotFoundException {
        Path classes = Path.of(Preflight.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        var functions = new TreeMap<String, Class<?>>();
        try (Stream<Path> files = Files.list(classes.resolve("dev/lifeboat/functions"))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString().replaceFirst("\\.class$", "");
                Class<?> type = Class.forName("dev.lifeboat.functions." + name);
                for (var method : type.getDeclaredMethods()) {
                    Funq function = method.getAnnotation(Funq.class);
                    if (function != null) {
                        functions.put(function.value(), type);
                    }
                }
            }
        }
        return functions;
    }
}
