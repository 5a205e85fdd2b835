/**
 * Runs, their steps and events, and the catalogue of artifacts, as they are kept in the ops schema. Every change of a run
 * goes through {@link dev.lifeboat.run.RunStore}: one transaction each, with its event.
 */
package dev.lifeboat.run;
