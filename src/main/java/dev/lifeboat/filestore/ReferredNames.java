package dev.lifeboat.filestore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;

/**
 * The file names that a database refers to ({@code ir_attachment.store_fname}), packed: 20 bytes a name, so that a million
 * takes 20 MB. Filled in ascending order, then asked; asking is thread-safe,
 * marking is for one thread.
 */
public final class ReferredNames {
    private static final int SHA1_BYTES = 20;

    private byte[] packed = new byte[SHA1_BYTES * 1024];
    private int count;
    private final TreeSet<String> others = new TreeSet<>();
    private final BitSet seen = new BitSet();
    private int last = -1;
    private final TreeSet<String> othersSeen = new TreeSet<>();

    /** Adds a name; content-addressed ones have to come in ascending byte order, each once or more. */
    public void add(String storeFname) {
        if (!Names.isContentAddressed(storeFname)) {
            others.add(storeFname);
            return;
        }
        byte[] sha1 = HexFormat.of().parseHex(Names.sha1Of(storeFname));
        if (count > 0) {
            int order = compare(count - 1, sha1);
            if (order == 0) {
                return;
            }
            if (order > 0) {
                throw new IllegalArgumentException("names have to come in ascending order");
            }
        }
        if (packed.length == count * SHA1_BYTES) {
            packed = Arrays.copyOf(packed, packed.length + packed.length / 2 / SHA1_BYTES * SHA1_BYTES);
        }
        System.arraycopy(sha1, 0, packed, count * SHA1_BYTES, SHA1_BYTES);
        count++;
    }

    /** How many different names there are. */
    public int size() {
        return count + others.size();
    }

    /** Whether the database refers to the path. */
    boolean contains(String path) {
        return Names.isContentAddressed(path)
                ? find(HexFormat.of().parseHex(Names.sha1Of(path))) >= 0
                : others.contains(path);
    }

    /** Says that the path was found. */
    void markSeen(String path) {
        if (Names.isContentAddressed(path)) {
            int at = findAfter(last, HexFormat.of().parseHex(Names.sha1Of(path)));
            if (at >= 0) {
                seen.set(at);
                last = at;
            }
        } else {
            othersSeen.add(path);
        }
    }

    /** The names that were not seen. */
    List<String> unseen() {
        var missing = new ArrayList<String>();
        for (int i = seen.nextClearBit(0); i < count; i = seen.nextClearBit(i + 1)) {
            String sha1 = HexFormat.of().formatHex(packed, i * SHA1_BYTES, (i + 1) * SHA1_BYTES);
            missing.add(sha1.substring(0, 2) + "/" + sha1);
        }
        others.stream().filter(name -> !othersSeen.contains(name)).forEach(missing::add);
        return missing;
    }

    /** What is looked for in ascending order is mostly the one after the last that was seen. */
    private int findAfter(int last, byte[] sha1) {
        int at = last + 1;
        return at < count && compare(at, sha1) == 0 ? at : find(sha1);
    }

    private int compare(int at, byte[] sha1) {
        return Arrays.compareUnsigned(packed, at * SHA1_BYTES, (at + 1) * SHA1_BYTES, sha1, 0, SHA1_BYTES);
    }

    private int find(byte[] sha1) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = compare(middle, sha1);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }
}
