package dev.lifeboat.sidecar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.util.regex.Pattern;

/**
 * A task on the wire: one flat JSON object, {@code kind} says which. Every field of the kind has to be there, null where it is
 * empty, and no other.
 */
final class TaskCodec {
    private static final Pattern RUN_ID = Pattern.compile("[A-Za-z0-9_-]{1,100}");
    private static final ObjectWriter WRITER = Json.mapper().writerFor(Task.class);
    private static final ObjectReader READER = Json.mapper()
            .readerFor(Task.class)
            .with(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES);

    private TaskCodec() {}

    static String write(Task task) {
        try {
            return WRITER.writeValueAsString(task);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON form of a task", e);
        }
    }

    /**
     * Reads a task.
     *
     * @throws FaultException BAD_INPUT that names what is wrong
     */
    static Task read(String json) {
        try {
            Task task = READER.readValue(json);
            if (task == null) {
                throw refused("it is empty");
            }
            if (!RUN_ID.matcher(task.runId()).matches()) {
                throw refused("'run_id' must be 1–100 letters, digits, dashes and underscores");
            }
            return task;
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof FaultException inside) {
                throw refused(inside.fault().message());
            }
            throw refused(e.getOriginalMessage());
        } catch (JsonProcessingException e) {
            throw refused("it is no JSON: " + e.getOriginalMessage());
        }
    }

    private static FaultException refused(String why) {
        return Fault.of(
                        FaultCode.BAD_INPUT,
                        "the task can't be taken: " + why,
                        "Send a task of one of the known kinds with all its fields and no other; the engine and the sidecar"
                                + " have to be of one version.")
                .toException();
    }
}
