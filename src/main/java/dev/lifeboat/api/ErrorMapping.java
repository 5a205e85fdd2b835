package dev.lifeboat.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.RefusedException;
import dev.lifeboat.run.StateFaults;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.hibernate.exception.DataException;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Turns everything that leaves a resource into problem details; never a stack trace. */
final class ErrorMapping {
    private static final Logger LOG = Logger.getLogger(ErrorMapping.class);
    /** SQLSTATE character_not_in_repertoire. */
    private static final String NO_SUCH_CHARACTER = "22021";

    @ServerExceptionMapper
    Response fault(FaultException e) {
        LOG.debug("refused", e);
        return answer(Problem.of(e.fault(), List.of()));
    }

    @ServerExceptionMapper
    Response refused(RefusedException e) {
        return answer(Problem.of(e.findings().getFirst(), e.findings()));
    }

    @ServerExceptionMapper
    Response badJson(JsonProcessingException e) {
        return answer(Problem.of(badInput("the request's JSON can't be read: " + e.getOriginalMessage()), List.of()));
    }

    /** Nearer than the framework's own mapping of these, which answers without saying what is wrong. */
    @ServerExceptionMapper
    Response badShape(MismatchedInputException e) {
        String path = e.getPath().stream()
                .map(at -> at.getFieldName() == null ? "[" + at.getIndex() + "]" : at.getFieldName())
                .collect(Collectors.joining("."));
        String what;
        if (e instanceof UnrecognizedPropertyException) {
            what = "the request's field '" + path + "' is not known";
        } else if (path.isEmpty()) {
            what = "the request is no JSON object of the right form";
        } else {
            what = "the request's field '" + path + "' has no value that it can have";
        }
        return answer(Problem.of(badInput(what), List.of()));
    }

    @ServerExceptionMapper
    Response http(WebApplicationException e) {
        int status = e.getResponse().getStatus();
        if (e.getCause() instanceof MismatchedInputException shape) {
            return badShape(shape);
        }
        if (e.getCause() instanceof JsonProcessingException json) {
            return badJson(json);
        }
        Problem problem = Problem.of(badInput("the request was not understood: " + e.getMessage()), List.of());
        return Response.status(status)
                .type("application/problem+json")
                .entity(new Problem(
                        problem.type(),
                        e.getResponse().getStatusInfo().getReasonPhrase(),
                        status,
                        problem.detail(),
                        problem.code(),
                        problem.kind(),
                        problem.facts(),
                        problem.remedy(),
                        List.of()))
                .build();
    }

    /** PostgreSQL keeps every character but one. */
    @ServerExceptionMapper
    Response unkept(DataException e) {
        return NO_SUCH_CHARACTER.equals(e.getSQLState())
                ? answer(Problem.of(badInput("the request has a text with the character U+0000"), List.of()))
                : bug(e);
    }

    @ServerExceptionMapper
    Response bug(RuntimeException e) {
        Optional<Fault> state = StateFaults.of(e);
        if (state.isPresent()) {
            LOG.warn(state.get().message());
            return answer(Problem.of(state.get(), List.of()));
        }
        LOG.error("an error that is not known", e);
        return answer(Problem.of(
                Fault.of(
                        FaultCode.INTERNAL,
                        "Lifeboat met an error that it does not know ("
                                + e.getClass().getSimpleName() + ")",
                        "The log file has the details; please report it."),
                List.of()));
    }

    private static Fault badInput(String message) {
        return Fault.of(FaultCode.BAD_INPUT, message, "See /q/openapi for what is accepted.");
    }

    private static Response answer(Problem problem) {
        return Response.status(problem.status())
                .type("application/problem+json")
                .entity(problem)
                .build();
    }
}
