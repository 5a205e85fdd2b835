/**
 * The artifact: one backup as it lies in a store. {@link dev.lifeboat.artifact.Manifest} is the contract between backup and
 * restore (docs/artifact-format.md).
 */
package dev.lifeboat.artifact;
