package dev.lifeboat.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.Needs;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.orchestrator.DeployEvents;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;

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

    private final DeployEvents events;

    EventsResource(DeployEvents events) {
        this.events = events;
    }

    @POST
    @Consumes(MediaType.WILDCARD)
    @Needs(value = Action.BACKUP, in = Needs.Where.ALL)
    @Operation(summary = "Takes an event: a deployment starts or is complete; others are ignored")
    public Response receive(@Context HttpHeaders headers, String body) {
        return Response.accepted(events.receive(read(headers, body))).build();
    }

    private static DeployEvents.Event read(HttpHeaders headers, String body) {
        String contentType = String.valueOf(headers.getHeaderString(HttpHeaders.CONTENT_TYPE));
        JsonNode json = json(body);
        if (headers.getHeaderString("ce-type") != null || headers.getHeaderString("ce-specversion") != null) {
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
