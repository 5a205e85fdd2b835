/**
 * The heavy tasks, done where the PostgreSQL tools and the data are. A closed set of typed tasks: {@link
 * dev.lifeboat.sidecar.Task}; a function hands one to the {@link dev.lifeboat.sidecar.TaskRunner} and asks how far it is.
 */
package dev.lifeboat.sidecar;
