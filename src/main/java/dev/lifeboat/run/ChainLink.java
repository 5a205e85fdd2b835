package dev.lifeboat.run;

/**
 * A run's place in the chain of its environment's records.
 *
 * @param sequence 1, 2, 3 … in the order in which the runs ended
 * @param runId the run
 * @param sha256 of the checksums that close its evidence
 */
public record ChainLink(int sequence, String runId, String sha256) {}
