/**
 * What can go wrong, as values: a {@link dev.lifeboat.fault.Fault} has a code (retryable or not, declared once), the
 * facts, and the remedy. Depends on nothing.
 */
package dev.lifeboat.fault;
