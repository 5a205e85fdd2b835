package dev.lifeboat.store;

import java.nio.file.Path;

/** The same promises on a file system that has no hard links. */
class FolderStoreWithoutLinksTest extends ArtifactStoreContract {
    @Override
    protected ArtifactStore emptyStore(Path folder) {
        return new FolderStore("plain", folder.resolve("artifacts"), false);
    }
}
