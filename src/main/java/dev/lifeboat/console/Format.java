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
