/**
 * The console: pages made on the server, which work without their script; they do what the API does, by the same calls and
 * under the same rules.
 */
package dev.lifeboat.console;
