package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Controls a Kubernetes deployment by its scale. How many replicas it had stands in an annotation while it is stopped, so
 * that whoever starts it, in whichever process, gives it as many again. The cluster is found as kubectl finds it, or by the
 * pod's service account.
 */
final class KubernetesControl implements ServiceControl {
    static final String REPLICAS = "lifeboat.dev/replicas";

    private static final Duration PAUSE = Duration.ofMillis(250);

    private final ServiceBinding.Kubernetes binding;
    private final Supplier<KubernetesClient> clients;

    KubernetesControl(ServiceBinding.Kubernetes binding) {
        this(binding, () -> new KubernetesClientBuilder().build());
    }

    KubernetesControl(ServiceBinding.Kubernetes binding, Supplier<KubernetesClient> clients) {
        this.binding = binding;
        this.clients = clients;
    }

    @Override
    public Outcome stop() {
        return with(client -> {
            int before = replicas(deployment(client));
            if (before > 0) {
                edit(client, deployment -> scaled(deployment, 0, Map.of(REPLICAS, Integer.toString(before))));
            }
            String did = shown() + ": scaled from " + before + " to 0";
            if (await(() -> hasNoPods(client))) {
                return new Outcome(true, true, did + "; its pods have ended");
            }
            List<Pod> left = pods(client);
            left.forEach(pod -> client.resource(pod).withGracePeriod(0).delete());
            boolean ended = await(() -> hasNoPods(client));
            return new Outcome(
                    true,
                    ended,
                    did + "; after " + binding.limit().toSeconds() + " s these pods were ended by force: "
                            + left.stream()
                                    .map(pod -> pod.getMetadata().getName())
                                    .collect(Collectors.joining(", "))
                            + (ended ? "" : "; they are still there"));
        });
    }

    @Override
    public Outcome start() {
        return with(client -> {
            Deployment deployment = deployment(client);
            int wanted = replicas(deployment);
            if (wanted == 0) {
                wanted = Optional.ofNullable(deployment.getMetadata().getAnnotations())
                        .map(all -> all.get(REPLICAS))
                        .map(Integer::parseInt)
                        .orElse(1);
                int replicas = wanted;
                edit(client, stopped -> scaled(stopped, replicas, Map.of()));
            }
            int needed = wanted;
            boolean there = await(() -> ready(deployment(client)) >= needed);
            return new Outcome(
                    true,
                    there,
                    shown() + ": scaled to " + needed + ", "
                            + ready(deployment(client)) + " ready"
                            + (there ? "" : " after " + binding.limit().toSeconds() + " s"));
        });
    }

    @Override
    public String examine() {
        return with(client -> shown() + ": " + replicas(deployment(client)) + " replicas");
    }

    @Override
    public Optional<Boolean> isRunning() {
        return Optional.of(with(client -> replicas(deployment(client)) > 0));
    }

    @Override
    public Optional<String> logs(Instant since) {
        return Optional.of(with(client -> pods(client).stream()
                .map(pod -> client.pods()
                        .resource(pod)
                        .sinceTime(since.truncatedTo(ChronoUnit.SECONDS).toString())
                        .getLog())
                .collect(Collectors.joining("\n"))));
    }

    /** The image of a container; empty where the deployment has no such container. */
    Optional<String> image(String container) {
        return with(client -> image(deployment(client), container));
    }

    /**
     * Gives a container another image and waits until every replica runs it; a deployment that is scaled to none runs it when
     * it is started.
     *
     * @param change the new image from the present one
     * @param limit how long the roll-out may take
     */
    Outcome setImage(String container, UnaryOperator<String> change, Duration limit) {
        return with(client -> {
            String before = image(deployment(client), container)
                    .orElseThrow(() -> failed(shown() + " has no container " + container, Optional.empty()));
            String image = change.apply(before);
            edit(client, deployment -> withImage(deployment, container, image));
            boolean there = await(() -> isRolledOut(deployment(client)), limit);
            return new Outcome(
                    true,
                    there,
                    shown() + ", container " + container + ": image " + image + " in the place of " + before
                            + (there ? "" : "; not rolled out after " + limit.toSeconds() + " s"));
        });
    }

    private static Optional<String> image(Deployment deployment, String container) {
        return deployment.getSpec().getTemplate().getSpec().getContainers().stream()
                .filter(one -> one.getName().equals(container))
                .map(Container::getImage)
                .findFirst();
    }

    private static Deployment withImage(Deployment deployment, String container, String image) {
        return new DeploymentBuilder(deployment)
                .editSpec()
                .editTemplate()
                .editSpec()
                .editMatchingContainer(one -> container.equals(one.getName()))
                .withImage(image)
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    /** As {@code kubectl rollout status} has it: this very generation, on every replica, and none of the old ones left. */
    private static boolean isRolledOut(Deployment deployment) {
        int wanted = replicas(deployment);
        if (wanted == 0) {
            return true;
        }
        DeploymentStatus status = deployment.getStatus();
        return status != null
                && orZero(status.getObservedGeneration())
                        >= orZero(deployment.getMetadata().getGeneration())
                && orZero(status.getUpdatedReplicas()) >= wanted
                && orZero(status.getReplicas()) <= orZero(status.getUpdatedReplicas())
                && orZero(status.getReadyReplicas()) >= wanted;
    }

    private static long orZero(Number number) {
        return number == null ? 0 : number.longValue();
    }

    private String shown() {
        return "deployment " + binding.namespace() + "/" + binding.deployment();
    }

    private RollableScalableResource<Deployment> resource(KubernetesClient client) {
        return client.apps().deployments().inNamespace(binding.namespace()).withName(binding.deployment());
    }

    private Deployment deployment(KubernetesClient client) {
        return Optional.ofNullable(resource(client).get())
                .orElseThrow(() -> failed(shown() + " is not there", Optional.empty()));
    }

    /** Another writer, such as the deployment's own controller, may come between the reading and the writing. */
    private void edit(KubernetesClient client, UnaryOperator<Deployment> change) {
        boolean done = await(() -> {
            try {
                resource(client).edit(change);
                return true;
            } catch (KubernetesClientException e) {
                if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                    return false;
                }
                throw e;
            }
        });
        if (!done) {
            throw failed(
                    shown() + " was changed by others each time in "
                            + binding.limit().toSeconds() + " s",
                    Optional.empty());
        }
    }

    private static Deployment scaled(Deployment deployment, int replicas, Map<String, String> annotations) {
        return new DeploymentBuilder(deployment)
                .editMetadata()
                .removeFromAnnotations(REPLICAS)
                .addToAnnotations(annotations)
                .endMetadata()
                .editSpec()
                .withReplicas(replicas)
                .endSpec()
                .build();
    }

    private static int replicas(Deployment deployment) {
        return Optional.ofNullable(deployment.getSpec().getReplicas()).orElse(1);
    }

    private static int ready(Deployment deployment) {
        return Optional.ofNullable(deployment.getStatus())
                .map(status -> status.getReadyReplicas())
                .orElse(0);
    }

    private List<Pod> pods(KubernetesClient client) {
        return pods(client, deployment(client));
    }

    private List<Pod> pods(KubernetesClient client, Deployment deployment) {
        return client.pods()
                .inNamespace(binding.namespace())
                .withLabelSelector(deployment.getSpec().getSelector())
                .list()
                .getItems();
    }

    /** Its controller may still be making the pods of the scale before, as long as it has not seen this one. */
    private boolean hasNoPods(KubernetesClient client) {
        Deployment deployment = deployment(client);
        Long seen = Optional.ofNullable(deployment.getStatus())
                .map(DeploymentStatus::getObservedGeneration)
                .orElse(null);
        Long wanted = deployment.getMetadata().getGeneration();
        return (seen == null || wanted == null || seen >= wanted)
                && pods(client, deployment).isEmpty();
    }

    private boolean await(BooleanSupplier condition) {
        return await(condition, binding.limit());
    }

    private boolean await(BooleanSupplier condition, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            try {
                TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Fault.of(FaultCode.CANCELLED, "the wait for " + shown() + " was ended", "Start the run again.")
                        .toException(e);
            }
        }
        return true;
    }

    private <T> T with(Function<KubernetesClient, T> work) {
        try (KubernetesClient client = clients.get()) {
            return work.apply(client);
        } catch (KubernetesClientException e) {
            throw failed("the cluster of " + shown() + " does not do what is asked", Optional.of(e));
        }
    }

    private static FaultException failed(String message, Optional<Exception> cause) {
        Fault fault = Fault.of(
                FaultCode.SERVICE_FAILED,
                message,
                "Mend service.namespace and service.deployment, the kube config, or the rights of the service account: it"
                        + " needs get and update of deployments, get, list and delete of pods.");
        return cause.map(e -> fault.with("tool_output", e.getMessage()).toException(e))
                .orElseGet(fault::toException);
    }
}
