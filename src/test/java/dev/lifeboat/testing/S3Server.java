package dev.lifeboat.testing;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.blobstore.BlobStore;

/**
 * An S3 server in this process, on a loopback address of its own: a region. It checks keys, signatures and checksums. What it
 * holds outlives {@link #stop}.
 */
public final class S3Server implements AutoCloseable {
    /** The access key that it knows. */
    public static final String ACCESS_KEY = "lifeboat-test";

    /** And the secret key. */
    public static final String SECRET_KEY = "canary-s3-0b1c";

    /** The one bucket. */
    public static final String BUCKET = "backups";

    private final Properties properties = new Properties();
    private final BlobStore blobs;
    private S3Proxy proxy;

    /**
     * Starts a server.
     *
     * @param address of this machine, such as 127.0.0.2
     * @param folder where it keeps its objects; empty: in memory
     */
    public S3Server(String address, Optional<Path> folder) {
        this(address, folder, true);
    }

    /**
     * Starts a server.
     *
     * @param signed whether requests must be signed for its own address
     */
    public S3Server(String address, Optional<Path> folder, boolean signed) {
        properties.setProperty("s3proxy.endpoint", "http://" + address + ":0");
        properties.setProperty("s3proxy.authorization", signed ? "aws-v2-or-v4" : "none");
        properties.setProperty("s3proxy.identity", ACCESS_KEY);
        properties.setProperty("s3proxy.credential", SECRET_KEY);
        folder.ifPresent(path -> properties.setProperty("jclouds.filesystem.basedir", path.toString()));
        blobs = BlobStores.create(folder.isPresent() ? "filesystem" : "transient", properties);
        blobs.createContainer(BUCKET);
        start();
        properties.setProperty("s3proxy.endpoint", "http://" + address + ":" + proxy.getPort());
    }

    /** Where it answers. */
    public URI endpoint() {
        return URI.create(properties.getProperty("s3proxy.endpoint"));
    }

    /** What it holds, without the way through HTTP. */
    public BlobStore blobs() {
        return blobs;
    }

    /** Starts it again, with what it held. */
    public void start() {
        try {
            proxy = S3Proxy.Builder.fromProperties(properties)
                    .blobStore(blobs)
                    .stopTimeout(0)
                    .build();
            proxy.start();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Lets it die: connections are refused. */
    public void stop() {
        try {
            proxy.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        stop();
    }
}
