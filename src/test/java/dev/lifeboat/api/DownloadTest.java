package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as they are sent: parts of them, what is known already, and to whom goes away. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
class DownloadTest {
    private static final String HUGE = "/api/v1/huge";
    private static final String TAG = "\"" + HugeFileResource.SHA256 + "\"";
    private static final long SIZE = HugeFileResource.SIZE;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private HttpResponse<InputStream> ask(String method, String path, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + RestAssured.port + path))
                .timeout(Duration.ofSeconds(20))
                .header("Authorization", "Bearer " + StateResource.TOKEN)
                .method(method, HttpRequest.BodyPublishers.noBody());
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    private static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElse(null);
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-9, 0, 9",
        "bytes=5000000000-5000000015, 5000000000, 5000000015",
        "bytes=8589934590-, 8589934590, 8589934591",
        "bytes=-4, 8589934588, 8589934591",
        "bytes=8589934588-99999999999, 8589934588, 8589934591"
    })
    void a_range_of_a_file_is_sent_and_nothing_else_is_read(String range, long first, long last)
            throws IOException, InterruptedException {
        HugeFileResource.READ.set(0);
        HttpResponse<InputStream> answer = ask("GET", HUGE, "Range", range);
        assertThat(answer.statusCode()).isEqualTo(206);
        assertThat(header(answer, "Content-Range")).isEqualTo("bytes " + first + "-" + last + "/" + SIZE);
        byte[] bytes = answer.body().readAllBytes();
        assertThat(bytes).hasSize((int) (last - first + 1)).startsWith((byte) first);
        assertThat(HugeFileResource.READ.get()).isEqualTo(bytes.length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=8589934592-", "bytes=9-5", "bytes=-0"})
    void a_range_that_the_file_does_not_have_is_a_problem_that_says_how_long_it_is(String range)
            throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = ask("GET", HUGE, "Range", range);
        assertThat(answer.statusCode()).isEqualTo(416);
        assertThat(header(answer, "Content-Range")).isEqualTo("bytes */" + SIZE);
        assertThat(header(answer, "Content-Type")).startsWith("application/problem+json");
        assertThat(new String(answer.body().readAllBytes(), StandardCharsets.UTF_8))
                .contains("BAD_INPUT", Long.toString(SIZE));
    }

    @Test
    void the_rest_of_a_file_that_has_become_another_one_is_not_sent() throws IOException, InterruptedException {
        assertThat(status("Range", "bytes=5-9", "If-Range", TAG)).isEqualTo(206);
        assertThat(status("Range", "bytes=5-9", "If-Range", "\"another\"")).isEqualTo(200);
        assertThat(status("Range", "bytes=5-9", "If-Range", "W/" + TAG)).isEqualTo(200);
        assertThat(status("Range", "bytes=5-9", "If-Range", "Sat, 21 Nov 2026 00:00:00 GMT"))
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=x-y", "nonsense"})
    void a_range_that_is_not_understood_is_no_range(String range) throws IOException, InterruptedException {
        assertThat(status("Range", range)).isEqualTo(200);
    }

    @Test
    void a_file_that_is_known_is_not_sent_again() throws IOException, InterruptedException {
        assertThat(status("If-None-Match", TAG)).isEqualTo(304);
        assertThat(status("If-None-Match", "\"x\", W/" + TAG)).isEqualTo(304);
        assertThat(status("If-None-Match", "*")).isEqualTo(304);
        assertThat(status("If-None-Match", "\"x\"")).isEqualTo(200);
        assertThat(status("If-None-Match", TAG, "Range", "bytes=0-1")).isEqualTo(304);
    }

    private int status(String... headers) throws IOException, InterruptedException {
        HttpResponse<InputStream> answer = ask("GET", HUGE, headers);
        answer.body().close();
        return answer.statusCode();
    }

    @Test
    void its_headers_alone_tell_size_name_and_version_and_nothing_is_read() throws IOException, InterruptedException {
        HugeFileResource.READ.set(0);
        HttpResponse<InputStream> answer = ask("HEAD", HUGE, "Range", "bytes=0-1");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "Content-Length")).isEqualTo(Long.toString(SIZE));
        assertThat(header(answer, "Accept-Ranges")).isEqualTo("bytes");
        assertThat(header(answer, "ETag")).isEqualTo(TAG);
        assertThat(header(answer, "Content-Type")).isEqualTo("application/octet-stream");
        assertThat(header(answer, "Content-Disposition"))
                .isEqualTo("attachment; filename=\"gr__e_8_GB.bin\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%208%20GB.bin");
        assertThat(answer.body().readAllBytes()).isEmpty();
        assertThat(HugeFileResource.READ.get()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "db.dump, attachment; filename=\"db.dump\"",
        "a\"b.txt, attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt",
        "a*b, attachment; filename=\"a_b\"; filename*=UTF-8''a%2Ab"
    })
    void a_name_can_not_leave_its_header(String name, String header) {
        assertThat(Download.disposition(name)).isEqualTo(header);
    }

    @Test
    void who_reads_slowly_is_waited_for_and_who_goes_away_is_not() throws IOException, InterruptedException {
        await("what was asked for before to be closed", () -> HugeFileResource.OPEN.get() == 0);
        HugeFileResource.READ.set(0);
        try (var caller = new Socket(InetAddress.getLoopbackAddress(), RestAssured.port)) {
            caller.getOutputStream()
                    .write(("GET " + HUGE + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                                    + StateResource.TOKEN + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(caller.getInputStream().readNBytes(1 << 20)).hasSize(1 << 20);
            await("the first bytes", () -> HugeFileResource.READ.get() > 0);
            awaitStill();
            assertThat(HugeFileResource.OPEN.get()).isEqualTo(1);
            assertThat(HugeFileResource.READ.get())
                    .as("bytes that are held for who does not take them")
                    .isLessThan(32 << 20);
        }
        await("the file to be closed", () -> HugeFileResource.OPEN.get() == 0);
    }

    /** Until nothing more is read. */
    private static void awaitStill() throws InterruptedException {
        long before = -1;
        while (before != HugeFileResource.READ.get()) {
            before = HugeFileResource.READ.get();
            TimeUnit.MILLISECONDS.sleep(500);
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited in vain for " + what).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    @Test
    void files_of_artifacts_and_evidence_come_in_parts_too() throws IOException, InterruptedException {
        Map<String, String> backup = backup();
        for (String path : List.of(
                "/api/v1/artifacts/" + backup.get("artifact_id") + "/files/db.dump",
                "/api/v1/runs/" + backup.get("run_id") + "/evidence/record.json")) {
            HttpResponse<InputStream> whole = ask("GET", path);
            byte[] all = whole.body().readAllBytes();
            assertThat(header(whole, "Content-Length")).as(path).isEqualTo(Integer.toString(all.length));
            assertThat(header(whole, "Content-Disposition"))
                    .isEqualTo("attachment; filename=\"" + path.substring(path.lastIndexOf('/') + 1) + "\"");
            assertThat(Hashes.sha256(all)).isEqualTo(header(whole, "ETag").replace("\"", ""));
            HttpResponse<InputStream> part =
                    ask("GET", path, "Range", "bytes=10-19", "If-Range", header(whole, "ETag"));
            assertThat(part.statusCode()).isEqualTo(206);
            assertThat(part.body().readAllBytes()).isEqualTo(Arrays.copyOfRange(all, 10, 20));
            HttpResponse<InputStream> head = ask("HEAD", path);
            assertThat(header(head, "Content-Length")).isEqualTo(Integer.toString(all.length));
            assertThat(head.body().readAllBytes()).isEmpty();
        }
        HttpResponse<InputStream> zip = ask("HEAD", "/api/v1/artifacts/" + backup.get("artifact_id") + "/odoo-zip");
        assertThat(zip.statusCode()).isEqualTo(200);
        assertThat(header(zip, "Content-Disposition")).contains(backup.get("artifact_id") + ".zip");
        HttpResponse<InputStream> none = ask("GET", "/api/v1/runs/" + backup.get("run_id") + "/evidence/none.json");
        assertThat(none.statusCode()).isEqualTo(404);
    }

    /** A backup that is over. */
    static Map<String, String> backup() throws InterruptedException {
        String run = given().header("Authorization", "Bearer " + StateResource.TOKEN)
                .contentType("application/json")
                .body("{}")
                .post("/api/v1/environments/acme.shop/backups")
                .jsonPath()
                .getString("run_id");
        var seen = new HashMap<String, String>();
        await("the backup's end", () -> {
            var view = given().header("Authorization", "Bearer " + StateResource.TOKEN)
                    .get("/api/v1/runs/" + run)
                    .jsonPath();
            seen.put("run_id", run);
            seen.put("artifact_id", view.getString("artifact_id"));
            return view.getString("completed_at") != null;
        });
        assertThat(seen.get("artifact_id")).isNotNull();
        return seen;
    }
}
