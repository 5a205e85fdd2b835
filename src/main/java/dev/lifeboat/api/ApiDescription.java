package dev.lifeboat.api;

import io.quarkus.smallrye.openapi.OpenApiFilter;
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

    @Override
    public void filterOpenAPI(OpenAPI api) {
        if (api.getComponents() == null) {
            api.setComponents(OASFactory.createComponents());
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
                    if (!path.equals("/backup/health")) {
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
