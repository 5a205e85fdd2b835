package dev.lifeboat.console;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.artifact.Retention;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.FaultException;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The settings that are in force, without secrets. */
@Path("/console/settings")
@Produces(MediaType.TEXT_HTML)
@RunOnVirtualThread
public class SettingsPages {
    private final Access access;
    private final CurrentCaller caller;
    private final EnvironmentCatalogue environments;
    private final LifeboatConfig config;
    private final Frames frames;

    SettingsPages(
            Access access,
            CurrentCaller caller,
            EnvironmentCatalogue environments,
            LifeboatConfig config,
            Frames frames) {
        this.access = access;
        this.caller = caller;
        this.environments = environments;
        this.config = config;
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance settings(
                Frame frame, List<Views.Group> environments, List<Views.Group> installation);
    }

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public TemplateInstance settings() {
        boolean all = access.may(caller.get(), Action.VIEW, Access.ALL);
        return Templates.settings(
                frames.of("Settings", "settings"),
                access.environments(caller.get()).stream()
                        .map(this::environment)
                        .toList(),
                all ? installation() : List.of());
    }

    private Views.Group environment(EnvironmentId id) {
        var facts = new ArrayList<Views.Fact>();
        try {
            flatten("", environments.redactedSummary(id), facts);
        } catch (FaultException e) {
            facts.add(new Views.Fact(
                    "problem", e.fault().message() + " " + e.fault().remedy()));
        }
        Retention.Policy policy = Retention.Policy.of(environments.configOf(id).retention());
        facts.add(new Views.Fact(
                "retention",
                policy.daily() + " daily, " + policy.weekly() + " weekly, " + policy.monthly() + " monthly"));
        return new Views.Group(id.toString(), facts);
    }

    private static void flatten(String name, JsonNode node, List<Views.Fact> facts) {
        if (node.isObject()) {
            node.properties()
                    .forEach(field -> flatten(
                            name.isEmpty() ? field.getKey() : name + "." + field.getKey(), field.getValue(), facts));
        } else if (node.isArray()) {
            var texts = new ArrayList<String>();
            node.forEach(element -> texts.add(element.asText()));
            facts.add(new Views.Fact(name, String.join(", ", texts)));
        } else if (!node.isNull()) {
            facts.add(new Views.Fact(name, node.asText()));
        }
    }

    private List<Views.Group> installation() {
        var groups = new ArrayList<Views.Group>();
        groups.add(new Views.Group(
                "Installation",
                List.of(
                        new Views.Fact("data-dir", config.dataDir().toString()),
                        new Views.Fact("evidence-dir", config.evidenceDir().toString()),
                        new Views.Fact("store-patience", config.storePatience().toSeconds() + " s"),
                        new Views.Fact(
                                "read-again-after", config.readAgainAfter().toDays() + " days"))));
        config.stores().forEach((name, store) -> {
            var facts = new ArrayList<Views.Fact>();
            facts.add(new Views.Fact("kind", store.kind().name().toLowerCase(Locale.ROOT)));
            store.path().ifPresent(path -> facts.add(new Views.Fact("path", path.toString())));
            store.bucket().ifPresent(bucket -> {
                facts.add(new Views.Fact("bucket", bucket));
                facts.add(new Views.Fact("region", store.region()));
                facts.add(
                        new Views.Fact("object-lock", store.objectLock().name().toLowerCase(Locale.ROOT)));
            });
            store.endpoint()
                    .ifPresent(endpoint -> facts.add(new Views.Fact(
                            "endpoint",
                            endpoint.getScheme() + "://" + endpoint.getHost()
                                    + (endpoint.getPort() < 0 ? "" : ":" + endpoint.getPort()))));
            facts.add(new Views.Fact("encrypted", store.keyFile().isPresent() ? "yes" : "no"));
            groups.add(new Views.Group("Store " + name, facts));
        });
        return groups;
    }
}
