/**
 * Chains the functions into runs. {@link dev.lifeboat.orchestrator.Workflows} says which steps there are and in which
 * order; {@link dev.lifeboat.orchestrator.Decider} decides, purely, what comes next; {@link
 * dev.lifeboat.orchestrator.Orchestrator} is the thin shell that loads, decides, calls and records.
 */
package dev.lifeboat.orchestrator;
