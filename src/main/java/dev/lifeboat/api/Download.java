package dev.lifeboat.api;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file that never changes as an answer: whole, one range of its bytes (RFC 9110, 14), its headers alone, or that the caller has it
 * already. It is read while it is sent, and closed where nobody takes it any more.
 */
final class Download {
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");
    private static final String WEAK = "W/";
    private static final int BUFFER = 64 * 1024;

    private Download() {}

    /**
     * A file.
     *
     * @param name what it is called where it arrives
     * @param size in bytes
     * @param sha256 in hex, of all its bytes
     * @param type its media type
     * @param source where its bytes come from
     */
    record Content(String name, long size, String sha256, String type, Source source) {
        private String tag() {
            return "\"" + sha256 + "\"";
        }
    }

    /** Opens a file. */
    interface Source {
        /** Its bytes from a position on. */
        InputStream from(long offset) throws IOException;
    }

    /** What the caller said of it: the method, and the values of headers; null: it was not sent. */
    record Asked(String method, String range, String ifRange, String ifNoneMatch) {
        private boolean isHead() {
            return method.equals(HttpMethod.HEAD);
        }

        /** An ETag of these is compared weakly, and * is any file (13.1.2). */
        private boolean knows(String tag) {
            return ifNoneMatch != null
                    && Arrays.stream(ifNoneMatch.split(","))
                            .map(String::strip)
                            .anyMatch(each -> each.equals("*")
                                    || each.equals(tag)
                                    || (each.startsWith(WEAK)
                                            && each.substring(WEAK.length()).equals(tag)));
        }

        /** What is no single range of bytes is not understood, and what is not understood is ignored: the whole is sent. */
        private Optional<Matcher> part(String tag) {
            return Optional.ofNullable(range)
                    .filter(given ->
                            !isHead() && (ifRange == null || ifRange.strip().equals(tag)))
                    .map(RANGE::matcher)
                    .filter(Matcher::matches)
                    .filter(parts ->
                            !parts.group(1).isEmpty() || !parts.group(2).isEmpty());
        }
    }

    /** From {@code first} to {@code last}, both of them given. */
    private record Span(long first, long last) {
        long length() {
            return last - first + 1;
        }
    }

    static Response of(Content file, Asked asked) {
        if (asked.knows(file.tag())) {
            return Response.notModified().header(HttpHeaders.ETAG, file.tag()).build();
        }
        Optional<Matcher> part = asked.part(file.tag());
        if (part.isEmpty()) {
            return answer(200, file, asked, new Span(0, file.size() - 1)).build();
        }
        return span(part.get(), file.size())
                .map(span -> answer(206, file, asked, span)
                        .header("Content-Range", "bytes " + span.first() + "-" + span.last() + "/" + file.size())
                        .build())
                .orElseGet(() -> outside(file));
    }

    /** Bytes that are made while they are sent: how many, and which part is where, is not known before. */
    static Response made(String name, StreamingOutput bytes, String method) {
        return Response.ok(method.equals(HttpMethod.HEAD) ? null : bytes)
                .header(HttpHeaders.CONTENT_DISPOSITION, disposition(name))
                .build();
    }

    /** RFC 6266: a name that every client reads, and beside it the true one where that is another. */
    static String disposition(String name) {
        String plain = name.replaceAll("[^A-Za-z0-9._-]", "_");
        String header = "attachment; filename=\"" + plain + "\"";
        return plain.equals(name)
                ? header
                : header + "; filename*=UTF-8''"
                        + URLEncoder.encode(name, StandardCharsets.UTF_8)
                                .replace("+", "%20")
                                .replace("*", "%2A");
    }

    private static Optional<Span> span(Matcher parts, long size) {
        if (parts.group(1).isEmpty()) {
            long last = Math.min(size, Long.parseLong(parts.group(2)));
            return last == 0 ? Optional.empty() : Optional.of(new Span(size - last, size - 1));
        }
        long first = Long.parseLong(parts.group(1));
        long last = parts.group(2).isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(parts.group(2)));
        return first >= size || last < first ? Optional.empty() : Optional.of(new Span(first, last));
    }

    private static Response outside(Content file) {
        Problem problem = Problem.of(
                        Fault.of(
                                FaultCode.BAD_INPUT,
                                file.name() + " has no such range of bytes",
                                "Ask for a part of its " + file.size() + " bytes, or for all by leaving Range out."),
                        List.of())
                .withStatus(416);
        return Response.status(problem.status())
                .type("application/problem+json")
                .header("Content-Range", "bytes */" + file.size())
                .entity(problem)
                .build();
    }

    private static Response.ResponseBuilder answer(int status, Content file, Asked asked, Span span) {
        StreamingOutput bytes = out -> {
            try (InputStream in = file.source().from(span.first())) {
                byte[] buffer = new byte[BUFFER];
                long left = span.length();
                while (left > 0) {
                    int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                    if (n < 0) {
                        throw new EOFException(file.name() + " is shorter than it was said to be");
                    }
                    out.write(buffer, 0, n);
                    left -= n;
                }
            }
        };
        return Response.status(status)
                .type(file.type())
                .entity(asked.isHead() ? null : bytes)
                .header(HttpHeaders.ETAG, file.tag())
                .header("Accept-Ranges", "bytes")
                .header(HttpHeaders.CONTENT_LENGTH, span.length())
                .header(HttpHeaders.CONTENT_DISPOSITION, disposition(file.name()));
    }
}
