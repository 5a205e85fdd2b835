/**
 * Who calls, and what they may do: users, API tokens, sessions of the console, and the one place that decides
 * ({@link dev.lifeboat.access.Access}).
 */
package dev.lifeboat.access;
