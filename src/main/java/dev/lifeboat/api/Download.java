package dev.lifeboat.api;

import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.artifact.OpenArtifact;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.EOFException;
import java.io.InputStream;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of an artifact as an answer: whole, or one range of its bytes (RFC 9110, 14). */
final class Download {
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");
    private static final int BUFFER = 64 * 1024;

    private Download() {}

    /** From {@code first} to {@code last}, both of them given. */
    private record Span(long first, long last) {
        long length() {
            return last - first + 1;
        }
    }

    static Response of(OpenArtifact artifact, Manifest.FileEntry file, Optional<String> range, Optional<String> known) {
        String tag = "\"" + file.sha256() + "\"";
        if (known.filter(tags -> tags.contains(tag)).isPresent()) {
            return Response.notModified().header("ETag", tag).build();
        }
        // What is no single range of bytes is not understood, and what is not understood is ignored: the whole is sent.
        Optional<Matcher> asked = range.map(RANGE::matcher)
                .filter(Matcher::matches)
                .filter(parts -> !parts.group(1).isEmpty() || !parts.group(2).isEmpty());
        if (asked.isEmpty()) {
            return answer(200, artifact, file, tag, new Span(0, file.size() - 1))
                    .build();
        }
        Optional<Span> span = span(asked.get(), file.size());
        return span.map(part -> answer(206, artifact, file, tag, part)
                        .header("Content-Range", "bytes " + part.first() + "-" + part.last() + "/" + file.size())
                        .build())
                .orElseGet(() -> Response.status(416)
                        .header("Content-Range", "bytes */" + file.size())
                        .build());
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

    private static Response.ResponseBuilder answer(
            int status, OpenArtifact artifact, Manifest.FileEntry file, String tag, Span span) {
        StreamingOutput bytes = out -> {
            try (InputStream in = artifact.open(file.path(), span.first())) {
                byte[] buffer = new byte[BUFFER];
                long left = span.length();
                while (left > 0) {
                    int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                    if (n < 0) {
                        throw new EOFException(
                                file.path() + " of " + artifact.id() + " is shorter than its manifest says");
                    }
                    out.write(buffer, 0, n);
                    left -= n;
                }
            }
        };
        String name = file.path().substring(file.path().lastIndexOf('/') + 1);
        return Response.status(status)
                .entity(bytes)
                .header("ETag", tag)
                .header("Accept-Ranges", "bytes")
                .header("Content-Length", span.length())
                .header(
                        "Content-Disposition",
                        "attachment; filename=\"" + name.replaceAll("[^A-Za-z0-9._-]", "_") + "\"");
    }
}
