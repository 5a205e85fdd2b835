import java.io.BufferedWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;

/**
 * Makes a filestore as Odoo lays it out, from a fixed seed. Arguments: the folder, how many files, how many bytes in all, the
 * CSV file that gets a line {@code store_fname,checksum,file_size} for each file, and optionally another seed. Sizes spread over two decades; 60% of
 * the bytes are incompressible (as images and PDF are), the rest is text.
 */
final class MakeFilestore {
    private static final double INCOMPRESSIBLE = 0.6;
    private static final double SPREAD = 4.6; // e^4.6: two decades between the smallest and the largest file
    private static final String[] WORDS = "invoice order customer delivery product quantity unit price tax total date the of and"
            .split(" ");

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        int files = Integer.parseInt(arguments[1]);
        long bytes = Long.parseLong(arguments[2]);
        var random = new Random(arguments.length > 4 ? Long.parseLong(arguments[4]) : 20260101);
        double mean = (Math.exp(SPREAD) - 1) / SPREAD;
        double smallest = (double) bytes / files / mean;
        for (int i = 0; i < 256; i++) {
            Files.createDirectories(folder.resolve(String.format("%02x", i)));
        }
        Files.createDirectories(folder.resolve("checklist"));
        long made = 0;
        long incompressible = 0;
        try (BufferedWriter list = Files.newBufferedWriter(Path.of(arguments[3]))) {
            for (int i = 0; i < files; i++) {
                int size = i == files - 1
                        ? (int) Math.max(16, Math.min(bytes - made, 64L << 20))
                        : (int) Math.max(16, smallest * Math.exp(random.nextDouble() * SPREAD));
                boolean noise = incompressible <= INCOMPRESSIBLE * made;
                byte[] content = noise ? noise(random, size) : text(random, size, i);
                made += size;
                incompressible += noise ? size : 0;
                write(folder, content, list);
            }
        }
    }

    private static byte[] noise(Random random, int size) {
        byte[] content = new byte[size];
        random.nextBytes(content);
        return content;
    }

    private static byte[] text(Random random, int size, int number) {
        var text = new StringBuilder(size + 32).append(number);
        while (text.length() < size) {
            text.append(' ').append(WORDS[random.nextInt(WORDS.length)]).append(' ').append(random.nextInt(10_000));
        }
        text.setLength(size);
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static void write(Path folder, byte[] content, BufferedWriter list) throws Exception {
        String sha1 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(content));
        String name = sha1.substring(0, 2) + "/" + sha1;
        Files.write(folder.resolve(name), content);
        list.write(name + "," + sha1 + "," + content.length + "\n");
    }

    private MakeFilestore() {}
}
