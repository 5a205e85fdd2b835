package dev.lifeboat.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import java.util.Optional;

/** A run to be created. {@code inputs} become the run's metadata. */
public record NewRun(
        Operation operation,
        EnvironmentId environment,
        EnvironmentType environmentType,
        ObjectNode inputs,
        String createdBy,
        Optional<String> parentRunId) {}
