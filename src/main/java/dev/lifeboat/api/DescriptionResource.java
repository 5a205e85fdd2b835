package dev.lifeboat.api;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Needs;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The API's description, as it is kept in docs/openapi.yaml: making it anew would take a tenth of each process's start. */
@Path("/q/openapi")
@RunOnVirtualThread
public class DescriptionResource {
    private static final String KEPT = "/openapi.yaml";
    private static final MediaType YAML = new MediaType("application", "yaml", StandardCharsets.UTF_8.name());

    /**
     * OpenAPI 3.1.
     *
     * @param format {@code json}, where that is wanted; or {@code Accept: application/json}
     */
    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(hidden = true)
    public Response description(@QueryParam("format") String format, @Context HttpHeaders headers) throws IOException {
        String kept = kept();
        boolean json = format == null
                ? headers.getAcceptableMediaTypes().stream()
                        .anyMatch(type -> !type.isWildcardType() && type.isCompatible(MediaType.APPLICATION_JSON_TYPE))
                : "json".equalsIgnoreCase(format);
        return json
                ? Response.ok(new YAMLMapper().readTree(kept).toString(), MediaType.APPLICATION_JSON_TYPE)
                        .build()
                : Response.ok(kept, YAML).build();
    }

    private static String kept() throws IOException {
        try (InputStream in = Objects.requireNonNull(DescriptionResource.class.getResourceAsStream(KEPT), KEPT)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
