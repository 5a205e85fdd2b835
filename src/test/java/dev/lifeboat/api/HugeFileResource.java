package dev.lifeboat.api;

import dev.lifeboat.access.Open;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** A file of 8 GB that is made while it is read: each byte is the lowest of its own position. */
@Path("/api/v1/huge")
@RunOnVirtualThread
public class HugeFileResource {
    static final long SIZE = 8L << 30;
    static final String SHA256 = "ab".repeat(32);
    static final AtomicLong READ = new AtomicLong();
    static final AtomicInteger OPEN = new AtomicInteger();

    /** Answers with the file. */
    @GET
    @Open
    @Operation(hidden = true)
    @Produces(MediaType.APPLICATION_OCTET_STREAM)
    public Response file(
            @HeaderParam("Range") String range,
            @HeaderParam("If-Range") String ifRange,
            @HeaderParam("If-None-Match") String known,
            @Context Request request) {
        return Download.of(
                new Download.Content(
                        "größe 8 GB.bin", SIZE, SHA256, MediaType.APPLICATION_OCTET_STREAM, HugeFileResource::from),
                new Download.Asked(request.getMethod(), range, ifRange, known));
    }

    private static InputStream from(long offset) {
        OPEN.incrementAndGet();
        return new InputStream() {
            private long position = offset;

            @Override
            public int read() {
                READ.incrementAndGet();
                return (int) (position++ & 0xff);
            }

            @Override
            public int read(byte[] into, int at, int length) {
                for (int i = 0; i < length; i++) {
                    into[at + i] = (byte) position++;
                }
                READ.addAndGet(length);
                return length;
            }

            @Override
            public void close() {
                OPEN.decrementAndGet();
            }
        };
    }
}
