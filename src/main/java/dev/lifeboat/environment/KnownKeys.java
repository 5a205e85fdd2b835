package dev.lifeboat.environment;

import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The keys that the configuration has, to name the one that a misspelt key was meant to be. */
public final class KnownKeys {
    private static final String ANY = "*";
    /** Of a key with more slips than this nobody can tell what it was meant to be. */
    private static final int MOST_SLIPS = 3;

    private KnownKeys() {}

    /** The known key that is the most like a key that is not known: {@code lifeboat.stores.far.bukket} gives {@code lifeboat.stores.far.bucket}. */
    public static Optional<String> nearest(String key) {
        List<String> wanted = List.of(key.split("\\.", -1));
        var known = new ArrayList<List<String>>();
        collect(LifeboatConfig.class, List.of("lifeboat"), known);
        return known.stream()
                .filter(path -> path.size() == wanted.size())
                .filter(path -> slips(path, wanted) <= MOST_SLIPS)
                .min(Comparator.comparingInt(path -> slips(path, wanted)))
                .map(path -> named(path, wanted));
    }

    private static String named(List<String> path, List<String> wanted) {
        var parts = new ArrayList<String>();
        for (int i = 0; i < path.size(); i++) {
            boolean right = path.get(i).equals(ANY) || path.get(i).equals(plain(wanted.get(i)));
            parts.add(right ? wanted.get(i) : path.get(i));
        }
        return String.join(".", parts);
    }

    private static void collect(Class<?> section, List<String> path, List<List<String>> known) {
        for (Method method : section.getMethods()) {
            if (method.getParameterCount() == 0) {
                collect(method.getGenericReturnType(), with(path, kebab(method.getName())), known);
            }
        }
    }

    private static void collect(Type type, List<String> path, List<List<String>> known) {
        if (type instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
            Type inner = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
            collect(inner, Map.class.isAssignableFrom(raw) ? with(path, ANY) : path, known);
            // a list's own key, [0] and all
            if (Collection.class.isAssignableFrom(raw)) {
                known.add(path);
            }
        } else if (type instanceof Class<?> section
                && section.isInterface()
                && section.getName().startsWith(LifeboatConfig.class.getName())) {
            collect(section, path, known);
        } else {
            known.add(path);
        }
    }

    private static List<String> with(List<String> path, String more) {
        var longer = new ArrayList<>(path);
        longer.add(more);
        return longer;
    }

    private static String kebab(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static int slips(List<String> path, List<String> wanted) {
        int slips = 0;
        for (int i = 0; i < path.size(); i++) {
            slips += path.get(i).equals(ANY) ? 0 : distance(path.get(i), plain(wanted.get(i)));
        }
        return slips;
    }

    /** Without its place in a list: {@code escalation[0]}. */
    private static String plain(String segment) {
        return segment.replaceAll("\\[[0-9]+]$", "");
    }

    /** Letters to add, drop or change (Levenshtein, 1966). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int kept = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(kept, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
