package dev.lifeboat.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.access.Access;
import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Caller;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.access.Open;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.fault.OneLine;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.DeployEvents;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponseSchema;

/**
 * Events from outside: CloudEvents 1.0 over HTTP in structured mode ({@code application/cloudevents+json}) and in binary mode
 * (headers {@code ce-*}), and EventBridge's envelopes as they are.
 */
@Path("/events")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class EventsResource {
    private static final String STRUCTURED = "application/cloudevents";
    private static final int LONGEST = 300;

    /** Before what a token names as its source: a source that signs stands there with its own name and a colon. */
    private static final String BY_TOKEN = "token/";

    private final DeployEvents events;
    private final SignedEvents signed;
    private final Access access;
    private final Accounts accounts;
    private final CurrentCaller caller;
    private final CurrentVertxRequest request;

    EventsResource(
            DeployEvents events,
            SignedEvents signed,
            Access access,
            Accounts accounts,
            CurrentCaller caller,
            CurrentVertxRequest request) {
        this.events = events;
        this.signed = signed;
        this.access = access;
        this.accounts = accounts;
        this.caller = caller;
        this.request = request;
    }

    @POST
    @Consumes(MediaType.WILDCARD)
    @Needs(value = Action.BACKUP, in = Needs.Where.SOME)
    @APIResponseSchema(
            value = DeployEvents.Reaction.class,
            responseCode = "202",
            responseDescription = "What became of the event")
    @Operation(
            operationId = "sendEvent",
            summary = "Takes an event: a deployment starts or is complete; others are ignored",
            description = "Wants the action backup in the project of the environment that the event is about.")
    public Response receive(@Context HttpHeaders headers, String body) {
        DeployEvents.Event event = read(headers, body);
        about(event)
                .ifPresent(environment ->
                        access.require(caller.get(), Action.BACKUP, environment.project(), "POST /events"));
        var own = new DeployEvents.Event(BY_TOKEN + event.source(), event.id(), event.type(), event.data());
        return Response.accepted(events.receive(own)).build();
    }

    @POST
    @Path("{source}")
    @Consumes(MediaType.WILDCARD)
    @Open
    @APIResponseSchema(
            value = DeployEvents.Reaction.class,
            responseCode = "202",
            responseDescription = "What became of the event")
    @Operation(
            operationId = "sendSignedEvent",
            summary =
                    "Takes an event that a configured source has signed (Standard Webhooks), about environments of that source",
            description =
                    "Without a token: webhook-id, webhook-timestamp and webhook-signature prove the source. The event stands in the"
                            + " body whole (structured CloudEvent, or EventBridge's envelope), because headers are not signed.")
    public Response receiveSigned(@PathParam("source") String source, @Context HttpHeaders headers, String body) {
        var signature = new SignedEvents.Signed(
                headers.getHeaderString(SignedEvents.ID),
                headers.getHeaderString(SignedEvents.TIMESTAMP),
                headers.getHeaderString(SignedEvents.SIGNATURE));
        LifeboatConfig.EventSource proven = signed.proven(source, signature, body);
        if (isBinary(headers)) {
            throw malformed("a signed event stands in the body whole: headers are not signed");
        }
        DeployEvents.Event event = read(headers, body);
        // a source's ids are its own: it can take none from another one
        var own = new DeployEvents.Event(source + ":" + event.source(), event.id(), event.type(), event.data());
        about(own).ifPresent(environment -> permit(source, proven, environment));
        return Response.accepted(events.receive(own)).build();
    }

    /** The environments that there are are not named to who may tell of one of them only. */
    private Optional<EnvironmentId> about(DeployEvents.Event event) {
        try {
            return events.about(event);
        } catch (FaultException e) {
            throw e.fault().code() == FaultCode.UNKNOWN_ENVIRONMENT
                    ? Fault.of(
                                    FaultCode.UNKNOWN_ENVIRONMENT,
                                    "the event is about an environment that there is not; nothing was done",
                                    "Name it as project/name; /api/v1/environments lists those that you may see.")
                            .toException(e)
                    : e;
        }
    }

    private void permit(String source, LifeboatConfig.EventSource proven, EnvironmentId environment) {
        boolean granted = proven.environments().orElse(List.of()).contains(environment.toString());
        var from = new Caller(
                "event-source:" + source, Caller.Via.SIGNATURE, CurrentCaller.address(request.getCurrent()), "");
        accounts.decided(from, Action.BACKUP, environment.project(), granted, "POST /events/" + source);
        if (!granted) {
            throw SignedEvents.denied("source " + source + " tells of an environment that it is not named for");
        }
    }

    private static boolean isBinary(HttpHeaders headers) {
        return headers.getHeaderString("ce-type") != null || headers.getHeaderString("ce-specversion") != null;
    }

    private static DeployEvents.Event read(HttpHeaders headers, String body) {
        String contentType = String.valueOf(headers.getHeaderString(HttpHeaders.CONTENT_TYPE));
        JsonNode json = json(body);
        if (isBinary(headers)) {
            version(headers.getHeaderString("ce-specversion"));
            return event(
                    headers.getHeaderString("ce-source"),
                    headers.getHeaderString("ce-id"),
                    headers.getHeaderString("ce-type"),
                    json);
        }
        if (contentType.startsWith(STRUCTURED) && json.isObject()) {
            version(json.path("specversion").asText());
            return event(
                    json.path("source").textValue(),
                    json.path("id").textValue(),
                    json.path("type").textValue(),
                    json.path("data"));
        }
        if (json.has("detail-type") && json.has("detail")) {
            return event(
                    json.path("source").textValue(),
                    json.path("id").textValue(),
                    json.path("detail-type").textValue(),
                    json.path("detail"));
        }
        throw malformed("it is neither a CloudEvent nor an envelope of EventBridge");
    }

    private static DeployEvents.Event event(String source, String id, String type, JsonNode data) {
        require("source", source);
        require("id", id);
        require("type", type);
        return new DeployEvents.Event(source, id, type, data instanceof ObjectNode object ? object : Json.object());
    }

    private static void require(String attribute, String value) {
        if (value == null || value.isBlank() || value.length() > LONGEST) {
            throw malformed("its '" + attribute + "' is missing, empty, or longer than " + LONGEST + " characters");
        }
        OneLine.checked(attribute, value);
    }

    private static void version(String version) {
        if (!"1.0".equals(version)) {
            throw malformed("its specversion is not 1.0");
        }
    }

    private static JsonNode json(String body) {
        try {
            return body.isBlank() ? Json.object() : Json.mapper().readTree(body);
        } catch (JsonProcessingException e) {
            throw malformed("its body is no JSON");
        }
    }

    private static FaultException malformed(String why) {
        return Fault.of(
                        FaultCode.BAD_INPUT,
                        "the event can't be read: " + why + "; nothing was done",
                        "Send a CloudEvent 1.0 (structured or binary), or what EventBridge sends.")
                .toException();
    }
}
