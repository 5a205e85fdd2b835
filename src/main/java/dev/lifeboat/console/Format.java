package dev.lifeboat.console;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers and times for people. Times are UTC and say so. */
public final class Format {
    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter SECOND = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private Format() {}

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

    /** The seconds between two points in time. */
    public static double secondsOf(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() / 1000.0;
    }

    /** A number with its thousands apart. */
    public static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number).replace(',', '\u202f');
    }

    /** A point in time, to the minute. */
    public static String at(Instant instant) {
        return MINUTE.format(instant);
    }

    /** A point in time, to the second. */
    public static String second(Instant instant) {
        return SECOND.format(instant);
    }

    /** The time of day, to the second. */
    public static String clock(Instant instant) {
        return CLOCK.format(instant);
    }

    /** How long ago something was. */
    public static String ago(Instant then, Instant now) {
        Duration age = Duration.between(then, now);
        return age.toMinutes() < 1 ? "just now" : length(age) + " ago";
    }

    /** How long it is until something. */
    public static String until(Instant then, Instant now) {
        Duration left = Duration.between(now, then);
        return left.toMinutes() < 1 ? "now" : "in " + length(left);
    }

    /** A length of time as people say it, from a minute on. */
    public static String length(Duration time) {
        if (time.toDays() > 1) {
            return time.toDays() + " days";
        }
        return time.toHours() > 1 ? time.toHours() + " hours" : time.toMinutes() + " min";
    }

    /** An enum's or a wire's name as words, as a heading begins. */
    public static String sentence(String name) {
        String words = words(name);
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    /** An enum's or a wire's name as words. */
    public static String words(String name) {
        return name.toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
