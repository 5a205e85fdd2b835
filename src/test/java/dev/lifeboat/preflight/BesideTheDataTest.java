package dev.lifeboat.preflight;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testing.StateResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** An engine whose sidecar has the tools and writes the filestore asks for neither on its own side: an image without them is enough. */
@QuarkusTest
@QuarkusTestResource(StateResource.class)
@TestProfile(BesideTheDataTest.WithoutTools.class)
class BesideTheDataTest {
    /** An engine in an image of its own. */
    public static final class WithoutTools implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "lifeboat.sidecar.url", "http://127.0.0.1:9",
                    "lifeboat.sidecar.token", "sidecar-token",
                    "lifeboat.pg-bin", "/no/such/folder");
        }
    }

    @Test
    void a_backup_wants_no_tools_where_the_sidecar_has_them() {
        var answer = given().header("Authorization", "Bearer " + StateResource.TOKEN)
                .contentType("application/json")
                .body("{\"operation\": \"backup\"}")
                .post("/api/v1/environments/shop/preflight");
        assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
        assertThat(answer.jsonPath().getBoolean("ok")).as(answer.asString()).isTrue();
        List<String> found = answer.jsonPath().getList("checks.found");
        assertThat(found).anyMatch(sentence -> sentence.contains("the tools are the sidecar's"));
    }
}
