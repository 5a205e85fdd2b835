package dev.lifeboat.progress;

import java.util.Locale;

/** Bytes and seconds as people read them. */
public final class Amounts {
    private Amounts() {}

    /** Bytes in the unit that fits, powers of 1000. */
    public static String bytes(long size) {
        if (size < 1000) {
            return size + " B";
        }
        double value = size;
        String[] units = {"kB", "MB", "GB", "TB", "PB"};
        int unit = -1;
        while (value >= 1000 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    }

    /** Seconds in the units that fit. */
    public static String seconds(double seconds) {
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole / 60 % 60);
    }
}
