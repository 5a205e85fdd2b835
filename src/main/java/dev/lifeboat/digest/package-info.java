/** Digests that every Java has. */
package dev.lifeboat.digest;
