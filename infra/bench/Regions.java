import java.util.Properties;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;

/**
 * S3 servers (s3proxy) in this process, each with a store of its own in memory: {@code Regions URI…}, until it is killed. One
 * process, as servers that each have a JVM of their own would spend much of the time that is measured on compiling.
 */
public final class Regions {
    private Regions() {}

    public static void main(String[] endpoints) {
        try {
            for (String endpoint : endpoints) {
                start(endpoint);
            }
        } catch (Exception e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private static void start(String endpoint) throws Exception {
        var properties = new Properties();
        properties.setProperty("s3proxy.endpoint", endpoint);
        properties.setProperty("s3proxy.authorization", "none");
        S3Proxy.Builder.fromProperties(properties)
                .blobStore(BlobStores.create("transient", properties))
                .build()
                .start();
    }
}
