/**
 * The command line. It always speaks HTTP: to the process that owns the data folder, and where there is none it becomes
 * that process first.
 */
package dev.lifeboat.cli;
