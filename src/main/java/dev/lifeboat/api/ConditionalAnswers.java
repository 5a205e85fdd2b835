package dev.lifeboat.api;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.json.Json;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/**
 * Tags what the API answers to a question, so that who asks again and again is told where nothing has changed: {@code ETag}, and
 * 304 to an {@code If-None-Match} that has it (RFC 9110, 13.1.2). The tag is weak: it stands for what is told, not for its bytes.
 */
final class ConditionalAnswers {
    private static final String API = "/api/v1/";

    @ServerResponseFilter
    void tag(ContainerRequestContext request, ContainerResponseContext answer) {
        boolean question = request.getMethod().equals("GET")
                && request.getUriInfo().getPath().startsWith(API)
                && answer.getStatus() == 200
                && (answer.getEntity() instanceof Record || answer.getEntity() instanceof List)
                && !answer.getHeaders().containsKey(HttpHeaders.ETAG);
        if (!question) {
            return;
        }
        var tag = new EntityTag(Hashes.sha256(Json.pretty(answer.getEntity())), true);
        Response.ResponseBuilder unchanged = request.getRequest().evaluatePreconditions(tag);
        answer.getHeaders().putSingle(HttpHeaders.ETAG, tag);
        if (unchanged != null) {
            answer.setEntity(null);
            answer.setStatus(304);
        }
    }
}
