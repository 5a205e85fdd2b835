package dev.lifeboat.console;

import dev.lifeboat.api.Problem;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.MediaType;
import java.lang.annotation.Annotation;
import java.util.List;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/** What goes wrong on a page is told on a page. */
@ApplicationScoped
public class ProblemPages {
    private final Frames frames;

    ProblemPages(Frames frames) {
        this.frames = frames;
    }

    @CheckedTemplate(basePath = "console")
    static final class Templates {
        private Templates() {}

        static native TemplateInstance problem(Frame frame, String message, String remedy, List<Views.Fact> findings);
    }

    @ServerResponseFilter
    void tell(ContainerRequestContext request, ContainerResponseContext response) {
        if (response.getEntity() instanceof Problem problem
                && request.getUriInfo().getPath().startsWith("/console")) {
            Frame frame = frames.orAnonymous("That did not work");
            String page = Templates.problem(
                            frame,
                            problem.detail(),
                            problem.remedy(),
                            problem.findings().stream()
                                    .map(fault -> new Views.Fact(fault.message(), fault.remedy()))
                                    .toList())
                    .render();
            response.setEntity(page, new Annotation[0], MediaType.TEXT_HTML_TYPE.withCharset("UTF-8"));
        }
    }
}
