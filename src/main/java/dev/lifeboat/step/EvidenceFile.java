package dev.lifeboat.step;

/**
 * A file of a run's evidence, as a step hands it in. The orchestrator redacts and writes it.
 *
 * @param name the file's name as the specification gives it
 * @param content its text; JSON where the name ends so; at most a few MiB
 */
public record EvidenceFile(String name, String content) {}
