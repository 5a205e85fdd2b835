package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a cluster's controllers would do is done by a thread here: pods follow the scale of their deployment. */
@EnableKubernetesMockClient(crud = true)
@DisplayName("Kubernetes control, with an API server that keeps what it is given")
final class KubernetesControlTest extends ServiceControlContract {
    private static final Map<String, String> LABELS = Map.of("app", "odoo");

    KubernetesMockServer server;
    KubernetesClient client;

    private final ScheduledExecutorService controllers = Executors.newSingleThreadScheduledExecutor();
    private ScheduledFuture<?> reconciling;
    private final AtomicBoolean podsHang = new AtomicBoolean();

    @BeforeEach
    void deploy() {
        client.resource(new DeploymentBuilder()
                        .withNewMetadata()
                        .withName("odoo")
                        .withNamespace("shop")
                        .endMetadata()
                        .withNewSpec()
                        .withReplicas(0)
                        .withNewSelector()
                        .withMatchLabels(LABELS)
                        .endSelector()
                        .endSpec()
                        .build())
                .create();
        reconciling = controllers.scheduleWithFixedDelay(this::reconcile, 0, 20, TimeUnit.MILLISECONDS);
    }

    @AfterEach
    void stopControllers() throws InterruptedException {
        assertThat(reconciling.isDone()).as("the controllers have failed").isFalse();
        controllers.shutdownNow();
        assertThat(controllers.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    /** As controllers do it: who finds the deployment changed by another looks again in the next round. */
    private void reconcile() {
        try {
            reconcileOnce();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
        }
    }

    private void reconcileOnce() {
        Deployment deployment = deployment();
        int wanted = deployment.getSpec().getReplicas();
        int there = pods();
        for (int i = there; i < wanted; i++) {
            client.resource(pod("odoo-" + i)).create();
        }
        if (!podsHang.get()) {
            for (int i = wanted; i < there; i++) {
                client.resource(pod("odoo-" + i)).delete();
            }
        }
        int ready = Math.min(wanted, pods());
        Integer told = Optional.ofNullable(deployment.getStatus())
                .map(status -> status.getReadyReplicas())
                .orElse(0);
        if (told != ready) {
            client.resource(new DeploymentBuilder(deployment)
                            .withNewStatus()
                            .withReadyReplicas(ready)
                            .endStatus()
                            .build())
                    .updateStatus();
        }
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("shop")
                .withLabels(LABELS)
                .endMetadata()
                .build();
    }

    private Deployment deployment() {
        return client.apps().deployments().inNamespace("shop").withName("odoo").get();
    }

    private int pods() {
        return client.pods().inNamespace("shop").list().getItems().size();
    }

    @Override
    ServiceControl control() {
        return control("odoo", Duration.ofSeconds(20));
    }

    private ServiceControl control(String deployment, Duration limit) {
        return new KubernetesControl(new ServiceBinding.Kubernetes("shop", deployment, limit), server::createClient);
    }

    @Override
    Optional<Boolean> reallyRuns() {
        return Optional.of(pods() > 0);
    }

    @Override
    void what_the_manager_keeps_of_the_log_is_given_or_nothing_at_all() {
        control().start();
        server.expect()
                .get()
                .withPath("/api/v1/namespaces/shop/pods/odoo-0/log?pretty=false")
                .andReturn(200, "a line of the log")
                .always();
        assertThat(control().isRunning()).contains(true);
    }

    @Test
    void a_deployment_gets_as_many_replicas_again_as_it_had_from_whoever_starts_it() {
        client.apps().deployments().inNamespace("shop").withName("odoo").scale(3);
        client.apps()
                .deployments()
                .inNamespace("shop")
                .withName("odoo")
                .waitUntilCondition(
                        deployment -> deployment.getStatus() != null
                                && Integer.valueOf(3)
                                        .equals(deployment.getStatus().getReadyReplicas()),
                        20,
                        TimeUnit.SECONDS);
        ServiceControl.Outcome stop = control().stop();
        assertThat(stop.log()).contains("scaled from 3 to 0");
        assertThat(pods()).isZero();
        ServiceControl.Outcome start = control().start();
        assertThat(start.log()).contains("scaled to 3");
        assertThat(deployment().getSpec().getReplicas()).isEqualTo(3);
        assertThat(deployment().getMetadata().getAnnotations()).doesNotContainKey(KubernetesControl.REPLICAS);
    }

    @Test
    void pods_that_do_not_end_in_time_are_ended_by_force() {
        control().start();
        podsHang.set(true);
        ServiceControl.Outcome stop = control("odoo", Duration.ofMillis(600)).stop();
        assertThat(stop.succeeded()).as(stop.log()).isTrue();
        assertThat(stop.log()).contains("by force", "odoo-0");
        assertThat(pods()).isZero();
    }

    @Test
    void a_deployment_that_is_not_there_is_a_fault_with_a_remedy() {
        var fault = catchThrowableOfType(FaultException.class, () -> control("shop", Duration.ofSeconds(5))
                        .stop())
                .fault();
        assertThat(fault.code()).isEqualTo(FaultCode.SERVICE_FAILED);
        assertThat(fault.message()).contains("shop/shop is not there");
    }

    private VersionControl version(String deployment, Duration limit) {
        var binding = new ServiceBinding.Kubernetes("shop", deployment, limit);
        return new ImageVersion(
                new VersionBinding.Image(binding, "odoo", limit), new KubernetesControl(binding, server::createClient));
    }

    private void web(int replicas, int updated) {
        client.resource(new DeploymentBuilder()
                        .withNewMetadata()
                        .withName("web")
                        .withNamespace("shop")
                        .endMetadata()
                        .withNewSpec()
                        .withReplicas(replicas)
                        .withNewTemplate()
                        .withNewSpec()
                        .addNewContainer()
                        .withName("proxy")
                        .withImage("nginx:1")
                        .endContainer()
                        .addNewContainer()
                        .withName("odoo")
                        .withImage("ghcr.io/acme/odoo:sha-new")
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .withNewStatus()
                        .withObservedGeneration(100L)
                        .withReplicas(replicas)
                        .withUpdatedReplicas(updated)
                        .withReadyReplicas(replicas)
                        .endStatus()
                        .build())
                .create();
    }

    private String image(int container) {
        return client.apps()
                .deployments()
                .inNamespace("shop")
                .withName("web")
                .get()
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(container)
                .getImage();
    }

    @Test
    void a_version_is_the_tag_of_one_container_and_the_others_keep_theirs() {
        web(2, 2);
        VersionControl version = version("web", Duration.ofSeconds(20));
        assertThat(version.current()).contains("sha-new");
        ServiceControl.Outcome set = version.set("sha-old");
        assertThat(set.succeeded()).as(set.log()).isTrue();
        assertThat(image(1)).isEqualTo("ghcr.io/acme/odoo:sha-old");
        assertThat(image(0)).isEqualTo("nginx:1");
    }

    @Test
    void a_version_that_is_not_rolled_out_in_time_is_told() {
        web(2, 1);
        ServiceControl.Outcome set = version("web", Duration.ofMillis(400)).set("sha-old");
        assertThat(set.succeeded()).isFalse();
        assertThat(set.log()).contains("not rolled out");
    }

    @Test
    void a_deployment_that_is_stopped_gets_its_version_without_a_wait() {
        web(0, 0);
        assertThat(version("web", Duration.ofMillis(400)).set("sha-old").succeeded())
                .isTrue();
    }
}
