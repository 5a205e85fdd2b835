package dev.lifeboat.sidecar;

/** Says that a run's task has ended. */
public record TaskFinished(String runId, String taskId) {}
