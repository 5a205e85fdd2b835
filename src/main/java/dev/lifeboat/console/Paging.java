package dev.lifeboat.console;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where in a list a page lies.
 *
 * @param newer the address of the page before; empty: this is the first
 * @param older the address of the page behind; empty: this is the last
 * @param shown which entries it has, in words; empty: the list is one page
 */
public record Paging(String newer, String older, String shown) {
    /** How many entries a page has. */
    static final int SIZE = 50;

    private static final int LAST = 10_000;

    /** The number of the page that was asked for, from 0. */
    static int index(int asked) {
        return Math.clamp(asked, 1, LAST) - 1;
    }

    /**
     * The place of a page.
     *
     * @param index the page's number, from 0
     * @param found its entries, and one more where there is a page behind
     * @param path of the list
     * @param query what else the addresses say; what is empty is left out
     */
    static Paging of(int index, List<?> found, String path, Map<String, String> query) {
        boolean more = found.size() > SIZE;
        int from = index * SIZE;
        return new Paging(
                index == 0 ? "" : address(path, query, index),
                more ? address(path, query, index + 2) : "",
                (index == 0 && !more) || found.isEmpty()
                        ? ""
                        : (from + 1) + "–" + (from + Math.min(SIZE, found.size())));
    }

    private static String address(String path, Map<String, String> query, int page) {
        String kept = query.entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .map(entry -> entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8) + "&")
                .sorted()
                .collect(Collectors.joining());
        return path + "?" + kept + "page=" + page;
    }
}
