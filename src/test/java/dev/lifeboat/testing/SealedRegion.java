package dev.lifeboat.testing;

import dev.lifeboat.store.KeyFile;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The primary store is a bucket of an S3 server, and encrypted. */
public final class SealedRegion implements QuarkusTestResourceLifecycleManager {
    private S3Server region;
    private Path folder;

    @Override
    public Map<String, String> start() {
        region = new S3Server("127.0.0.1", Optional.empty());
        try {
            folder = Files.createTempDirectory("lifeboat-sealed-region");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Path key = folder.resolve("store.key");
        KeyFile.create(key);
        String store = "lifeboat.stores.primary.";
        return Map.of(
                store + "kind",
                "s3",
                store + "endpoint",
                region.endpoint().toString(),
                store + "bucket",
                S3Server.BUCKET,
                store + "access-key",
                S3Server.ACCESS_KEY,
                store + "secret-key",
                S3Server.SECRET_KEY,
                store + "key-file",
                key.toString());
    }

    @Override
    public void stop() {
        if (region == null) {
            return;
        }
        region.close();
        try {
            Files.delete(folder.resolve("store.key"));
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
