/**
 * Where artifacts are kept. {@link dev.lifeboat.store.ArtifactStore} is the port; each implementation passes the one
 * abstract suite {@code ArtifactStoreContract}.
 */
package dev.lifeboat.store;
