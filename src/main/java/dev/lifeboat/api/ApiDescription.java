package dev.lifeboat.api;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/** Adds to the API's description what holds for all of it: who is let in, and how trouble is told. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public class ApiDescription implements OASFilter {
    private static final String TOKEN = "token";
    private static final Set<String> WITHOUT_TOKEN = Set.of("/backup/health", "/events/{source}");
    private static final Map<String, Object> EVENT = Map.of(
            "specversion",
            "1.0",
            "id",
            "build-4711",
            "source",
            "/ci",
            "type",
            "dev.lifeboat.deploy.starting",
            "data",
            Map.of("environment", "acme/prod", "version", "19.0.7"));
    private static final Map<String, Object> TASK = Map.of(
            "kind",
            "roll_back",
            "run_id",
            "run_20260301T020000Z_1a2b3c4d",
            "environment",
            Map.of("project", "acme", "name", "prod"));
    /** Of bodies that are read as text. */
    private static final Map<String, Map<String, Object>> OF_PATHS =
            Map.of("/events", EVENT, "/events/{source}", EVENT, "/tasks/{id}", TASK);

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
        if (api.getComponents() == null) {
            api.setComponents(OASFactory.createComponents());
        }
        if (api.getComponents().getSchemas() != null) {
            api.getComponents().getSchemas().values().forEach(ApiDescription::asOnTheWire);
        }
        api.getComponents()
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
                                .content(
                                        OASFactory.createContent()
                                                .addMediaType(
                                                        "application/problem+json",
                                                        OASFactory.createMediaType()
                                                                .schema(problem())
                                                                .example(
                                                                        "{\"type\": \"about:blank\", \"title\": \"unknown run\","
                                                                                + " \"status\": 404, \"detail\": \"there is no run run_x\","
                                                                                + " \"code\": \"UNKNOWN_RUN\", \"kind\": \"precondition\","
                                                                                + " \"remedy\": \"`lifeboat runs` lists the runs that there are.\"}"))));
        api.getPaths().getPathItems().forEach((path, item) -> item.getOperations()
                .forEach((method, operation) -> {
                    exemplify(path, operation);
                    if (!WITHOUT_TOKEN.contains(path)) {
                        operation.addSecurityRequirement(
                                OASFactory.createSecurityRequirement().addScheme(TOKEN));
                    }
                    operation
                            .getResponses()
                            .addAPIResponse(
                                    "default", OASFactory.createAPIResponse().ref("#/components/responses/Problem"));
                    if (method == PathItem.HttpMethod.POST
                            && operation.getResponses().getAPIResponse("202") != null) {
                        idempotent(operation);
                    }
                }));
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

    /** What can be sent, by the name of its schema. */
    private static void exemplify(String path, Operation operation) {
        if (operation.getRequestBody() == null || operation.getRequestBody().getContent() == null) {
            return;
        }
        operation.getRequestBody().getContent().getMediaTypes().values().forEach(body -> {
            String ref = body.getSchema() == null ? null : body.getSchema().getRef();
            body.setExample(OF_PATHS.getOrDefault(
                    path, EXAMPLES.getOrDefault(ref == null ? "" : ref.substring(ref.lastIndexOf('/') + 1), Map.of())));
        });
    }

    private static void idempotent(Operation operation) {
        operation.addParameter(OASFactory.createParameter()
                .name(Begun.KEY)
                .in(Parameter.In.HEADER)
                .description("A request that is sent again under the same key begins no second run")
                .schema(OASFactory.createSchema().addType(Schema.SchemaType.STRING)));
    }

    private static Schema problem() {
        Schema problem = OASFactory.createSchema().addType(Schema.SchemaType.OBJECT);
        for (String text : new String[] {"type", "title", "detail", "code", "kind", "remedy"}) {
            problem.addProperty(text, OASFactory.createSchema().addType(Schema.SchemaType.STRING));
        }
        return problem.addProperty("status", OASFactory.createSchema().addType(Schema.SchemaType.INTEGER))
                .addProperty("facts", OASFactory.createSchema().addType(Schema.SchemaType.OBJECT))
                .addProperty(
                        "findings",
                        OASFactory.createSchema()
                                .addType(Schema.SchemaType.ARRAY)
                                .items(OASFactory.createSchema().addType(Schema.SchemaType.OBJECT)));
    }
}
