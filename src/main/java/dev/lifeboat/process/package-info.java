/**
 * Child processes: argument vectors only, secrets only through the environment, every wait bounded, every child reaped.
 */
package dev.lifeboat.process;
