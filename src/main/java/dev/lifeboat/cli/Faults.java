package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.Arrays;

/** Reads faults off the wire. The engine may be of a newer version than this client: what it does not know, it still shows. */
final class Faults {
    private Faults() {}

    /**
     * A fault from its JSON.
     *
     * @param message the name of the member that holds the message: {@code detail} of problem details, else {@code message}
     */
    static Fault read(JsonNode json, String message) {
        String code = json.path("code").asText();
        String remedy = json.path("remedy").asText();
        Fault fault = Fault.of(
                code(code, json.path("kind").asText()),
                json.path(message).asText(),
                remedy.isBlank() ? "The log file in the data folder has the details." : remedy);
        for (var fact : json.path("facts").properties()) {
            fault = fault.with(fact.getKey(), fact.getValue().asText());
        }
        return fault.code().name().equals(code) ? fault : fault.with("code", code);
    }

    private static FaultCode code(String name, String kind) {
        return Arrays.stream(FaultCode.values())
                .filter(code -> code.name().equals(name))
                .findFirst()
                .orElseGet(() -> switch (kind) {
                    case "usage" -> FaultCode.BAD_INPUT;
                    case "precondition" -> FaultCode.BAD_CONFIGURATION;
                    default -> FaultCode.INTERNAL;
                });
    }
}
