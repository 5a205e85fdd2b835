package dev.lifeboat.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.testing.SealedRegion;
import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Files of artifacts that lie encrypted in a bucket. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
@QuarkusTestResource(value = SealedRegion.class, restrictToAnnotatedClass = true)
class SealedDownloadTest {
    private static Response get(String path, String... range) {
        var caller = given().header("Authorization", "Bearer " + StateResource.TOKEN);
        return (range.length == 0 ? caller : caller.header("Range", range[0])).get(path);
    }

    @Test
    void a_download_is_what_a_restore_would_read_and_not_what_lies_in_the_store() throws InterruptedException {
        String artifact = "/api/v1/artifacts/" + DownloadTest.backup().get("artifact_id");
        var shown = get(artifact).jsonPath();
        assertThat(shown.getString("copies[0].uri")).startsWith("s3://");
        for (String file : new String[] {"db_dump", "filestore"}) {
            String path = artifact + "/files/" + shown.getString("manifest." + file + ".path");
            Response whole = get(path);
            assertThat(whole.statusCode()).isEqualTo(200);
            byte[] bytes = whole.asByteArray();
            assertThat(Hashes.sha256(bytes)).isEqualTo(shown.getString("manifest." + file + ".sha256"));
            assertThat(new String(bytes, StandardCharsets.ISO_8859_1)).doesNotStartWith("age-encryption.org");
            assertThat(get(path, "bytes=100-299").asByteArray()).isEqualTo(Arrays.copyOfRange(bytes, 100, 300));
            assertThat(get(path, "bytes=-7").asByteArray())
                    .isEqualTo(Arrays.copyOfRange(bytes, bytes.length - 7, bytes.length));
        }
    }
}
