package dev.lifeboat.functions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.environment.LifeboatConfig;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What deploys the functions says of them what their own files say, and sets nothing that the program does not read. */
final class DeploymentTest {
    private static final Path KUBERNETES = Path.of("infra/kubernetes");
    private static final Path TERRAFORM = Path.of("terraform/functions");
    private static final long LONGEST_CALL = 600;
    private static final Pattern VARIABLE = Pattern.compile("\\bLIFEBOAT_[A-Z_]+\\b");

    /** Read by compose itself, from .env: where images and ports are. */
    private static final Set<String> OF_COMPOSE = Set.of("LIFEBOAT_IMAGE", "LIFEBOAT_PORT");

    @Test
    void every_function_has_its_knative_service_as_its_file_says() throws IOException {
        var services = new TreeMap<String, Map<String, Object>>();
        knative("Service").forEach((name, service) -> services.put(name, at(service, "spec", "template", "spec")));
        var expected = new TreeSet<String>();
        for (Map.Entry<String, Map<String, Object>> function : functions().entrySet()) {
            String service = "lifeboat-" + function.getKey();
            expected.add(service);
            Map<String, Object> spec = services.get(service);
            assertThat(spec).as(service).isNotNull();
            Map<String, Object> container = at(((List<?>) spec.get("containers")).getFirst());
            assertThat(container.get("args"))
                    .isEqualTo(List.of("function", function.getKey(), "--host", "0.0.0.0", "--port", "8080"));
            assertThat(at(container, "resources", "limits"))
                    .containsEntry("memory", function.getValue().get("memory_mib") + "Mi");
            assertThat(((Integer) spec.get("timeoutSeconds")).longValue())
                    .isEqualTo(
                            Math.min(((Integer) function.getValue().get("timeout_seconds")).longValue(), LONGEST_CALL));
            boolean controls = ((List<?>) function.getValue().get("permissions"))
                    .stream().anyMatch(permission -> permission.toString().startsWith("service: "));
            assertThat(spec.get("automountServiceAccountToken"))
                    .as("%s may speak to the cluster", service)
                    .isEqualTo(controls);
        }
        assertThat(services.keySet()).isEqualTo(expected);
    }

    @Test
    void what_is_to_be_done_by_the_minute_is_called_so_in_a_cluster() throws IOException {
        Map<String, Map<String, Object>> pings = knative("PingSource");
        var expected = new TreeSet<String>();
        for (Map.Entry<String, Map<String, Object>> function : functions().entrySet()) {
            if (function.getValue().get("every_minutes") instanceof Integer minutes) {
                String name = "lifeboat-" + function.getKey();
                expected.add(name);
                assertThat(pings).containsKey(name);
                Map<String, Object> ping = pings.get(name);
                assertThat(at(ping, "spec")).containsEntry("schedule", "*/" + minutes + " * * * *");
                assertThat(at(ping, "spec").get("data"))
                        .isEqualTo(Files.readString(Path.of("functions", function.getKey(), "request.example.json"))
                                .replaceAll("\\s*\n\\s*", ""));
                assertThat(at(ping, "spec", "sink", "ref")).containsEntry("name", name);
            }
        }
        assertThat(pings.keySet()).isEqualTo(expected);
    }

    @Test
    void what_terraform_makes_of_permissions_covers_all_that_functions_have_in_stores() throws IOException {
        Matcher rights = Pattern.compile("store_rights = \\{(.*?)\\n  }", Pattern.DOTALL)
                .matcher(Files.readString(TERRAFORM.resolve("main.tf")));
        assertThat(rights.find()).isTrue();
        for (Map<String, Object> function : functions().values()) {
            for (Object permission : (List<?>) function.get("permissions")) {
                if (permission.toString().startsWith("store")) {
                    for (String right :
                            permission.toString().replaceFirst("stores?: ", "").split(", ", -1)) {
                        assertThat(rights.group(1)).containsPattern("\\b" + right + "\\s+=");
                    }
                }
            }
        }
    }

    @Test
    void the_rights_in_the_stores_are_those_that_the_documentation_lists() throws IOException {
        Pattern right = Pattern.compile("\"(s3:[A-Za-z]+)\"");
        String documented = Files.readString(Path.of("docs/stores.md"));
        assertThat(right.matcher(Files.readString(TERRAFORM.resolve("main.tf"))).results())
                .isNotEmpty()
                .allSatisfy(found -> assertThat(documented).contains(found.group(1)));
    }

    @Test
    void every_setting_that_a_deployment_makes_is_one_that_the_program_reads() throws IOException {
        List<Pattern> known = settings("LIFEBOAT", LifeboatConfig.class).stream()
                .map(Pattern::compile)
                .toList();
        var unknown = new TreeSet<String>();
        for (Path file : deployments()) {
            Matcher variable = VARIABLE.matcher(Files.readString(file));
            while (variable.find()) {
                String name = variable.group();
                if (known.stream().noneMatch(pattern -> pattern.matcher(name).matches())
                        && !OF_COMPOSE.contains(name)) {
                    unknown.add(file + ": " + name);
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void the_manifests_have_no_field_that_kubernetes_does_not_know() throws IOException {
        for (Path file : manifests()) {
            for (HasMetadata resource : resources(file)) {
                assertThat(unknownFields(resource))
                        .as("%s %s", file, resource.getKind())
                        .isEmpty();
            }
        }
    }

    @Test
    void every_container_runs_without_root_and_cannot_write_its_own_files() throws IOException {
        for (Path file : manifests()) {
            for (HasMetadata resource : resources(file)) {
                for (PodSpec pod : pods(resource)) {
                    assertThat(pod.getSecurityContext().getRunAsNonRoot())
                            .as("%s", file)
                            .isTrue();
                    for (Container container : pod.getContainers()) {
                        var security = container.getSecurityContext();
                        assertThat(security.getReadOnlyRootFilesystem()).isTrue();
                        assertThat(security.getAllowPrivilegeEscalation()).isFalse();
                        assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
                        assertThat(container.getResources().getLimits()).containsKey("memory");
                    }
                }
            }
        }
    }

    @Test
    void in_the_pod_only_the_sidecar_can_write_odoos_files() throws IOException {
        Deployment deployment = (Deployment)
                resources(KUBERNETES.resolve("base/deployment.yaml")).getFirst();
        for (Container container : deployment.getSpec().getTemplate().getSpec().getContainers()) {
            assertThat(container.getVolumeMounts())
                    .filteredOn(mount -> mount.getName().equals("filestore"))
                    .singleElement()
                    .satisfies(mount -> assertThat(Boolean.TRUE.equals(mount.getReadOnly()))
                            .isEqualTo(container.getName().equals("engine")));
        }
    }

    @Test
    void in_the_cluster_lifeboat_may_scale_one_deployment_and_look_after_pods_and_nothing_else() throws IOException {
        Role role = resources(KUBERNETES.resolve("base/access.yaml")).stream()
                .filter(Role.class::isInstance)
                .map(Role.class::cast)
                .findFirst()
                .orElseThrow();
        assertThat(role.getRules())
                .extracting(rule -> rule.getResources() + " " + rule.getVerbs())
                .containsExactly("[deployments] [get, update, patch]", "[pods] [get, list, delete]");
        assertThat(role.getRules().getFirst().getResourceNames()).containsExactly("odoo");
    }

    /** The generated resources of a kind of Knative's, by name. */
    private static Map<String, Map<String, Object>> knative(String kind) throws IOException {
        var found = new TreeMap<String, Map<String, Object>>();
        for (Object document :
                yaml().loadAll(Files.readString(KUBERNETES.resolve("overlays/knative/functions.yaml")))) {
            Map<String, Object> resource = at(document);
            if (resource.get("kind").equals(kind)) {
                found.put((String) at(resource, "metadata").get("name"), resource);
            }
        }
        return found;
    }

    private static List<PodSpec> pods(HasMetadata resource) {
        return switch (resource) {
            case Deployment deployment ->
                List.of(deployment.getSpec().getTemplate().getSpec());
            case CronJob job ->
                List.of(job.getSpec().getJobTemplate().getSpec().getTemplate().getSpec());
            default -> List.of();
        };
    }

    /** Plain Kubernetes; Knative's own kinds are held against the functions' files. */
    private static List<Path> manifests() throws IOException {
        try (Stream<Path> files = Files.walk(KUBERNETES)) {
            return files.filter(file -> file.toString().endsWith(".yaml"))
                    .filter(file -> !Set.of("kustomization.yaml", "application.yaml", "functions.yaml")
                            .contains(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
    }

    private static List<Path> deployments() throws IOException {
        var all = new ArrayList<Path>();
        for (Path root : List.of(Path.of("infra/compose"), Path.of("infra/images"), KUBERNETES, TERRAFORM)) {
            try (Stream<Path> files = Files.walk(root)) {
                files.filter(Files::isRegularFile)
                        .filter(file -> !file.toString().contains("/.terraform"))
                        .forEach(all::add);
            }
        }
        return all;
    }

    private static List<HasMetadata> resources(Path file) throws IOException {
        Object read = new KubernetesSerialization().unmarshal(Files.readString(file));
        return read instanceof HasMetadata one
                ? List.of(one)
                : ((Collection<?>) read).stream().map(HasMetadata.class::cast).toList();
    }

    /** What the model of the client has no member for, wherever it stands in the resource. */
    private static List<String> unknownFields(Object value) {
        var found = new ArrayList<String>();
        if (value instanceof Collection<?> several) {
            several.forEach(one -> found.addAll(unknownFields(one)));
        } else if (value != null && value.getClass().getName().startsWith("io.fabric8.kubernetes.api.model.")) {
            for (Method method : value.getClass().getMethods()) {
                if (method.getName().startsWith("get") && method.getParameterCount() == 0) {
                    Object member = call(method, value);
                    if (method.getName().equals("getAdditionalProperties")) {
                        found.addAll(((Map<?, ?>) member)
                                .keySet().stream().map(String::valueOf).toList());
                    } else {
                        found.addAll(unknownFields(member));
                    }
                }
            }
        }
        return found;
    }

    private static Object call(Method method, Object value) {
        try {
            return method.invoke(value);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(method + " of the client's model", e);
        }
    }

    /** The environment variables of a configuration's interface, as patterns: a map's key is any name. */
    private static Set<String> settings(String prefix, Class<?> group) {
        var names = new TreeSet<String>();
        for (Method method : group.getDeclaredMethods()) {
            String name =
                    prefix + "_" + method.getName().replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT);
            Type type = method.getGenericReturnType();
            boolean map = method.getReturnType() == Map.class;
            Class<?> inner = type instanceof ParameterizedType generic
                            && generic.getActualTypeArguments()[map ? 1 : 0] instanceof Class<?> argument
                    ? argument
                    : method.getReturnType();
            String here = map ? name + "_[A-Z0-9_]+" : name;
            if (inner.isInterface() && inner.getEnclosingClass() == LifeboatConfig.class) {
                names.addAll(settings(here, inner));
            } else {
                names.add(here);
            }
        }
        return names;
    }

    private static Map<String, Map<String, Object>> functions() throws IOException {
        var functions = new TreeMap<String, Map<String, Object>>();
        try (Stream<Path> folders = Files.list(Path.of("functions"))) {
            for (Path folder : folders.toList()) {
                functions.put(
                        folder.getFileName().toString(),
                        at(yaml().load(Files.readString(folder.resolve("function.yaml")))));
            }
        }
        return functions;
    }

    private static Yaml yaml() {
        return new Yaml(new SafeConstructor(new LoaderOptions()));
    }

    @SuppressWarnings("unchecked") // a mapping of YAML has names as keys
    private static Map<String, Object> at(Object document, String... path) {
        Map<String, Object> here = (Map<String, Object>) document;
        for (String name : path) {
            here = (Map<String, Object>) here.get(name);
        }
        return here;
    }
}
