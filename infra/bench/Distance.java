import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Puts servers of this machine at a distance. Arguments: how many kB/s a connection carries towards a server at most, after how many
 * milliseconds an answer to it comes, and for each server where to listen for it and where it is, as {@code ADDRESS:PORT=ADDRESS:PORT}.
 * Runs until it is stopped.
 */
final class Distance {
    private static final int CHUNK = 64 * 1024;

    private final long bytesPerSecond;
    private final long millis;

    private Distance(long bytesPerSecond, long millis) {
        this.bytesPerSecond = bytesPerSecond;
        this.millis = millis;
    }

    public static void main(String[] arguments) throws Exception {
        var distance = new Distance(1000 * Long.parseLong(arguments[0]), Long.parseLong(arguments[1]));
        for (int i = 2; i < arguments.length; i++) {
            String[] ends = arguments[i].split("=", 2);
            var here = new ServerSocket();
            here.bind(address(ends[0]));
            Thread.ofPlatform().start(() -> distance.serve(here, address(ends[1])));
        }
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    private void serve(ServerSocket here, InetSocketAddress there) {
        while (true) {
            try {
                connect(here.accept(), there);
            } catch (IOException e) {
                System.err.println("a connection to " + there + " failed: " + e.getMessage());
            }
        }
    }

    private void connect(Socket near, InetSocketAddress there) throws IOException {
        var far = new Socket();
        try {
            far.connect(there);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
        } catch (IOException e) {
            near.close();
            far.close();
            throw e;
        }
        var asked = new AtomicBoolean();
        Thread.ofVirtual().start(() -> pump(near, far, () -> asked.set(true), bytesPerSecond));
        Thread.ofVirtual().start(() -> pump(far, near, () -> answer(asked), Long.MAX_VALUE));
    }

    private void answer(AtomicBoolean asked) {
        if (asked.getAndSet(false)) {
            sleep(millis * 1_000_000);
        }
    }

    /** Either end closes both. */
    private static void pump(Socket from, Socket to, Runnable atEach, long bytesPerSecond) {
        byte[] chunk = new byte[CHUNK];
        long free = System.nanoTime();
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                atEach.run();
                out.write(chunk, 0, n);
                free = Math.max(free, System.nanoTime()) + (long) (n * 1e9 / bytesPerSecond);
                sleep(free - System.nanoTime());
            }
        } catch (IOException e) {
            // one of the two has gone: so does the other
        }
    }

    private static void sleep(long nanos) {
        if (nanos > 0) {
            try {
                Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
