package dev.lifeboat.api;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.Content;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;

/** The schemas of a description that one of its operations leads to. */
final class UsedSchemas {
    private final Map<String, Schema> all;
    private final Set<String> used = new TreeSet<>();

    private UsedSchemas(Map<String, Schema> all) {
        this.all = all;
    }

    /** Their names. */
    static Set<String> of(OpenAPI api) {
        var schemas = new UsedSchemas(api.getComponents().getSchemas());
        api.getComponents().getResponses().values().forEach(schemas::use);
        api.getPaths().getPathItems().values().stream()
                .map(PathItem::getOperations)
                .map(Map::values)
                .flatMap(Collection::stream)
                .forEach(schemas::use);
        return schemas.used;
    }

    private void use(Operation operation) {
        orNone(operation.getParameters()).map(Parameter::getSchema).forEach(this::use);
        if (operation.getRequestBody() != null) {
            use(operation.getRequestBody().getContent());
        }
        operation.getResponses().getAPIResponses().values().forEach(this::use);
    }

    private void use(APIResponse answer) {
        use(answer.getContent());
    }

    private void use(Content content) {
        if (content != null) {
            content.getMediaTypes().values().forEach(type -> use(type.getSchema()));
        }
    }

    private void use(Schema schema) {
        if (schema == null) {
            return;
        }
        if (schema.getRef() != null) {
            String name = schema.getRef().substring(schema.getRef().lastIndexOf('/') + 1);
            if (used.add(name)) {
                use(all.get(name));
            }
        }
        Stream.of(
                        orNone(schema.getAllOf()),
                        orNone(schema.getAnyOf()),
                        orNone(schema.getOneOf()),
                        Stream.of(schema.getItems(), schema.getAdditionalPropertiesSchema())
                                .filter(Objects::nonNull),
                        schema.getProperties() == null
                                ? Stream.<Schema>empty()
                                : schema.getProperties().values().stream())
                .flatMap(each -> each)
                .forEach(this::use);
    }

    private static <T> Stream<T> orNone(List<T> list) {
        return list == null ? Stream.empty() : list.stream();
    }
}
