package dev.lifeboat.api;

import jakarta.ws.rs.core.Link;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.Optional;

/** A part of a list: the header Link (RFC 8288) names the next one. */
final class Pages {
    private Pages() {}

    /**
     * Answers with a page.
     *
     * @param last the last element's id, where there may be more behind it
     */
    static Response of(List<?> page, Optional<String> last, UriInfo uri) {
        Response.ResponseBuilder answer = Response.ok(page);
        last.ifPresent(id -> answer.links(Link.fromUri(uri.getRequestUriBuilder()
                        .replaceQueryParam("before", id)
                        .build())
                .rel("next")
                .build()));
        return answer.build();
    }
}
