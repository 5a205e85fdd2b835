package dev.lifeboat.api;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import jakarta.ws.rs.core.MediaType;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.Components;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.headers.Header;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/**
 * Makes of what the framework reads in the resources a description from which a client can be generated: what holds for all of the
 * API (who is let in, how trouble is told, what is begun once), and what JSON is really like. docs/openapi.yaml, which is served, is a copy of it.
 */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public class ApiDescription implements OASFilter {
    private static final String TOKEN = "token";
    private static final String SIGNED_EVENTS = "/events/{source}";
    private static final Set<String> WITHOUT_TOKEN = Set.of("/backup/health", SIGNED_EVENTS);
    private static final Map<String, Object> EVENT = new TreeMap<>(Map.of(
            "specversion",
            "1.0",
            "id",
            "build-4711",
            "source",
            "/ci",
            "type",
            "dev.lifeboat.deploy.starting",
            "data",
            new TreeMap<>(Map.of("environment", "acme/prod", "version", "19.0.7"))));
    private static final String PROBLEM_TYPE = "application/problem+json";
    private static final String EVENT_TYPE = "application/cloudevents+json";
    private static final String CLASS_SUFFIX = " Resource";
    /** What a sidecar answers, to the engine alone: the engine itself has none of it. */
    private static final String TASKS = "/tasks";

    /** What parameters are, by their names. */
    private static final Map<String, String> PARAMETERS = Map.ofEntries(
            Map.entry("env", "The environment: project.name, or name where no other project has one of that name"),
            Map.entry("run", "The run's id"),
            Map.entry("artifact", "The artifact's id"),
            Map.entry("file", "The file, as the list of files names it"),
            Map.entry("token", "The token's id, which is not its secret"),
            Map.entry("store", "The store's name in the configuration"),
            Map.entry("source", "The source's name in the configuration"),
            Map.entry("environment", "Only what is of this environment: project.name or name"),
            Map.entry("limit", "How many at most; more than 500 are not given at once"),
            Map.entry("before", "Goes on behind the one of this id"),
            Map.entry("Range", "One range of bytes; the whole file where it is left out, or is not understood"),
            Map.entry("If-Range", "Where the file is another one than this ETag's, the whole of it is wanted"),
            Map.entry("If-None-Match", "An ETag: 304 where the file is still that one"));

    private static final Map<String, Object> PROBLEM = new TreeMap<>(Map.of(
            "type",
            "about:blank",
            "title",
            "unknown run",
            "status",
            404,
            "detail",
            "there is no run run_x",
            "code",
            "UNKNOWN_RUN",
            "kind",
            "precondition",
            "remedy",
            "`lifeboat runs` lists the runs that there are."));

    private static final SortedMap<String, String> PROBLEM_TEXTS = new TreeMap<>(Map.of(
            "type",
            "Always about:blank: code says which problem it is",
            "title",
            "The code in words",
            "detail",
            "What failed, on which object, and what is safe",
            "code",
            "For programs; a newer engine may know others",
            "kind",
            "usage (the request is wrong), precondition (nothing was begun) or failure",
            "remedy",
            "What to do next"));

    private static final Map<String, Map<String, Object>> EXAMPLES = Map.ofEntries(
            Map.entry("BackupBody", Map.of("type", "full", "label", "before the upgrade")),
            Map.entry("RestoreBody", Map.of("artifact", "latest", "confirm", "prod")),
            Map.entry(
                    "TablesRestoreBody",
                    Map.of(
                            "artifact",
                            "latest",
                            "tables",
                            List.of("res_partner"),
                            "mode",
                            "insert-missing",
                            "with_dependants",
                            true,
                            "confirm",
                            "prod")),
            Map.entry("ValidationBody", Map.of("deep", true)),
            Map.entry("RollbackBody", Map.of("level", 1, "reason", "the checkout fails", "confirm", "prod")),
            Map.entry("WindowBody", Map.of("reason", "hot-fix of the tax rates", "seconds", 7200)),
            Map.entry("AcknowledgementBody", Map.of("note", "I look at it")),
            Map.entry("ImportBody", Map.of("file", "odoo.zip", "label", "from the old machine")),
            Map.entry("DrillBody", Map.of("store", "secondary")),
            Map.entry("PruneBody", Map.of("dry_run", true)),
            Map.entry("PreflightBody", Map.of("operation", "restore", "artifact", "latest")),
            Map.entry("CopyBody", Map.of("store", "secondary")),
            Map.entry("RebuildBody", Map.of("store", "primary")),
            Map.entry(
                    "TokenBody",
                    Map.of(
                            "name",
                            "nightly backup",
                            "project",
                            "acme",
                            "actions",
                            List.of("view", "backup"),
                            "days",
                            365)),
            Map.entry("MemberBody", Map.of("user", "maria", "project", "acme", "role", "restorer")),
            Map.entry("LoginBody", Map.of("first_only", false)));

    @Override
    public void filterOpenAPI(OpenAPI api) {
        List.copyOf(api.getPaths().getPathItems().keySet()).stream()
                .filter(path -> path.equals(TASKS) || path.startsWith(TASKS + "/"))
                .forEach(api.getPaths()::removePathItem);
        if (api.getComponents() == null) {
            api.setComponents(OASFactory.createComponents());
        }
        Components components = api.getComponents();
        if (components.getSchemas() != null) {
            components.getSchemas().values().forEach(ApiDescription::asOnTheWire);
        }
        // The framework describes the class that holds any JSON, not the JSON.
        components.addSchema("ObjectNode", anyObject().description("Members that depend on what it tells of"));
        components.addSchema("Problem", problem());
        components
                .addSecurityScheme(
                        TOKEN,
                        OASFactory.createSecurityScheme()
                                .type(SecurityScheme.Type.HTTP)
                                .scheme("bearer")
                                .description("An API token (`lifeboat token create`)"))
                .addResponse(
                        "Problem",
                        OASFactory.createAPIResponse()
                                .description("What went wrong and what to do, as problem details (RFC 9457)")
                                .content(OASFactory.createContent()
                                        .addMediaType(
                                                PROBLEM_TYPE,
                                                OASFactory.createMediaType()
                                                        .schema(OASFactory.createSchema()
                                                                .ref("#/components/schemas/Problem"))
                                                        .example(PROBLEM))));
        api.getPaths()
                .getPathItems()
                .forEach((path, item) -> item.getOperations().values().forEach(operation -> describe(path, operation)));
        Set<String> used = UsedSchemas.of(api);
        List.copyOf(components.getSchemas().keySet()).stream()
                .filter(name -> !used.contains(name))
                .forEach(components::removeSchema);
    }

    private static void describe(String path, Operation operation) {
        if (operation.getTags() != null) {
            operation.setTags(
                    operation.getTags().stream().map(ApiDescription::named).toList());
        }
        if (operation.getParameters() != null) {
            operation.getParameters().stream()
                    .filter(parameter -> parameter.getDescription() == null)
                    .forEach(parameter -> parameter.setDescription(PARAMETERS.get(parameter.getName())));
        }
        APIResponse begun = operation.getResponses().getAPIResponse("202");
        boolean begins = begun != null && Begun.ANSWER.equals(begun.getDescription());
        if (begins) {
            begun.addHeader("Location", header("The place of the run"));
            idempotent(operation);
        }
        if (path.equals(SIGNED_EVENTS)) {
            List.of(SignedEvents.ID, SignedEvents.TIMESTAMP, SignedEvents.SIGNATURE)
                    .forEach(name -> operation.addParameter(OASFactory.createParameter()
                            .name(name)
                            .in(Parameter.In.HEADER)
                            .required(true)
                            .description("Of Standard Webhooks: what proves the source")
                            .schema(text())));
        }
        inOrder(path, operation);
        bodies(path, operation);
        answers(operation);
        troubles(path, operation, begins);
    }

    /** As the path has them, then what chooses, then headers: methods that are generated have them in this order. */
    private static void inOrder(String path, Operation operation) {
        if (operation.getParameters() != null) {
            operation.setParameters(operation.getParameters().stream()
                    .sorted(Comparator.comparing(Parameter::getIn)
                            .thenComparing(parameter -> path.indexOf("{" + parameter.getName() + "}")))
                    .toList());
        }
    }

    /** The framework names what belongs together after its class. */
    private static String named(String tag) {
        return tag.endsWith(CLASS_SUFFIX) ? tag.substring(0, tag.length() - CLASS_SUFFIX.length()) : tag;
    }

    private static void troubles(String path, Operation operation, boolean begins) {
        var statuses = new TreeSet<String>();
        boolean open = WITHOUT_TOKEN.contains(path);
        if (!open) {
            operation.addSecurityRequirement(
                    OASFactory.createSecurityRequirement().addScheme(TOKEN));
            statuses.addAll(List.of("401", "403"));
        }
        if (operation.getRequestBody() != null || operation.getParameters() != null) {
            statuses.add("400");
        }
        if (path.contains("{") && !open) {
            statuses.add("404");
        }
        if (begins) {
            statuses.addAll(List.of("409", "412"));
        }
        statuses.add("default");
        statuses.forEach(status -> operation
                .getResponses()
                .addAPIResponse(status, OASFactory.createAPIResponse().ref("#/components/responses/Problem")));
    }

    /** Files are bytes, a stream of events is text, and a list tells where it goes on. */
    private static void answers(Operation operation) {
        operation.getResponses().getAPIResponses().forEach((status, answer) -> {
            if (answer.getContent() == null) {
                return;
            }
            answer.getContent().getMediaTypes().forEach((type, content) -> {
                switch (type) {
                    case MediaType.SERVER_SENT_EVENTS -> content.setSchema(text());
                    case MediaType.APPLICATION_OCTET_STREAM, "application/zip" ->
                        content.setSchema(text().format("binary"));
                    default -> {
                        // what the framework read of the method's type holds
                    }
                }
            });
            boolean pages = operation.getParameters() != null
                    && operation.getParameters().stream()
                            .anyMatch(each -> each.getName().equals("before"));
            if (pages && status.equals("200")) {
                answer.addHeader("Link", header("While there are more: the next page, as <address>; rel=\"next\""));
            }
        });
    }

    private static Header header(String description) {
        return OASFactory.createHeader().description(description).schema(text());
    }

    private static Schema text() {
        return OASFactory.createSchema().addType(Schema.SchemaType.STRING);
    }

    private static Schema anyObject() {
        return OASFactory.createSchema()
                .addType(Schema.SchemaType.OBJECT)
                .additionalPropertiesSchema(OASFactory.createSchema());
    }

    /** The framework reads the names of records' members, and does not know that JSON has them in snake case here. */
    private static void asOnTheWire(Schema schema) {
        if (schema.getProperties() != null) {
            var named = new LinkedHashMap<String, Schema>();
            schema.getProperties().forEach((name, property) -> named.put(snake(name), property));
            schema.setProperties(named);
        }
        if (schema.getRequired() != null) {
            schema.setRequired(
                    schema.getRequired().stream().map(ApiDescription::snake).toList());
        }
    }

    private static String snake(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    /** What can be sent, by the name of its schema; events are read as text, and are described here. */
    private static void bodies(String path, Operation operation) {
        if (operation.getRequestBody() == null || operation.getRequestBody().getContent() == null) {
            return;
        }
        if (path.startsWith("/events")) {
            operation
                    .getRequestBody()
                    .setContent(OASFactory.createContent()
                            .addMediaType(
                                    EVENT_TYPE,
                                    OASFactory.createMediaType()
                                            .schema(anyObject()
                                                    .description("A CloudEvent 1.0, or an envelope of EventBridge"))
                                            .example(EVENT)));
            return;
        }
        operation.getRequestBody().getContent().getMediaTypes().values().forEach(body -> {
            String ref = body.getSchema() == null ? null : body.getSchema().getRef();
            // in the same order each time: a copy of the description is kept
            body.setExample(new TreeMap<>(
                    EXAMPLES.getOrDefault(ref == null ? "" : ref.substring(ref.lastIndexOf('/') + 1), Map.of())));
        });
    }

    private static void idempotent(Operation operation) {
        operation.addParameter(OASFactory.createParameter()
                .name(Begun.KEY)
                .in(Parameter.In.HEADER)
                .description("A request that is sent again under the same key begins no second run")
                .schema(text()));
    }

    /** {@link dev.lifeboat.api.Problem}; its code is no closed set for who reads it: a newer engine knows more of them. */
    private static Schema problem() {
        Schema problem = OASFactory.createSchema()
                .addType(Schema.SchemaType.OBJECT)
                .description("What went wrong and what to do (RFC 9457)");
        PROBLEM_TEXTS.forEach((member, description) -> problem.addProperty(member, text().description(description)));
        return problem.addProperty(
                        "status",
                        OASFactory.createSchema()
                                .addType(Schema.SchemaType.INTEGER)
                                .format("int32")
                                .description("The status of the answer"))
                .addProperty(
                        "facts",
                        OASFactory.createSchema()
                                .addType(Schema.SchemaType.OBJECT)
                                .additionalPropertiesSchema(text())
                                .description("What was seen"))
                .addProperty(
                        "findings",
                        OASFactory.createSchema()
                                .addType(Schema.SchemaType.ARRAY)
                                .items(OASFactory.createSchema().ref("#/components/schemas/Fault"))
                                .description("All preconditions that do not hold"))
                .required(List.of("type", "title", "status", "detail", "code", "kind", "remedy"));
    }
}
