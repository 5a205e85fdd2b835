package dev.lifeboat.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.digest.Hashes;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.scheme.AwsV4AuthScheme;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

final class SigningOfKnownDigestsTest {
    private static final byte[] BODY = "one part of an artifact".getBytes(StandardCharsets.UTF_8);
    private static final String DIGEST =
            Base64.getEncoder().encodeToString(Hashes.sha256().digest(BODY));

    private final AtomicInteger readings = new AtomicInteger();
    private final ContentStreamProvider body = () -> {
        readings.incrementAndGet();
        return new ByteArrayInputStream(BODY);
    };

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1:8180", "https://s3.example"})
    void what_is_sent_is_what_the_sdk_alone_would_send(String endpoint) throws Exception {
        SdkHttpRequest request =
                request(endpoint).putHeader("x-amz-checksum-sha256", DIGEST).build();

        SignedRequest ours = sign(new SigningOfKnownDigests(), request);
        SignedRequest sdks = sign(AwsV4AuthScheme.create(), request);

        assertThat(ours.request().headers()).isEqualTo(sdks.request().headers());
        assertThat(ours.request().headers()).containsKeys("Authorization", "x-amz-content-sha256");
        try (InputStream sent = ours.payload().orElseThrow().newStream()) {
            assertThat(sent.readAllBytes()).isEqualTo(BODY);
        }
    }

    @Test
    void a_body_whose_digest_is_named_is_not_read_to_be_signed() {
        sign(
                new SigningOfKnownDigests(),
                request("http://127.0.0.1:8180")
                        .putHeader("x-amz-checksum-sha256", DIGEST)
                        .build());

        assertThat(readings).hasValue(0);
    }

    @Test
    void a_body_whose_digest_nobody_names_is_signed_all_the_same() {
        SdkHttpRequest request = request("http://127.0.0.1:8180").build();

        assertThat(sign(new SigningOfKnownDigests(), request).request().headers())
                .isEqualTo(sign(AwsV4AuthScheme.create(), request).request().headers())
                .containsKey("x-amz-content-sha256");
    }

    private static SdkHttpRequest.Builder request(String endpoint) {
        return SdkHttpRequest.builder()
                .method(SdkHttpMethod.PUT)
                .uri(URI.create(endpoint + "/backups/part?partNumber=1&uploadId=x"))
                .putHeader("Content-Length", String.valueOf(BODY.length));
    }

    /** As the SDK's client for S3 asks for it. */
    private SignedRequest sign(AwsV4AuthScheme scheme, SdkHttpRequest request) {
        var credentials = AwsCredentialsIdentity.create("key", "secret");
        return scheme.signer()
                .sign(SignRequest.builder(credentials)
                        .request(request)
                        .payload(body)
                        .putProperty(AwsV4HttpSigner.REGION_NAME, "us-east-1")
                        .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, "s3")
                        .putProperty(AwsV4FamilyHttpSigner.DOUBLE_URL_ENCODE, false)
                        .putProperty(AwsV4FamilyHttpSigner.NORMALIZE_PATH, false)
                        .putProperty(AwsV4FamilyHttpSigner.CHUNK_ENCODING_ENABLED, false)
                        .putProperty(AwsV4FamilyHttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                        .putProperty(
                                HttpSigner.SIGNING_CLOCK,
                                Clock.fixed(Instant.parse("2026-11-20T02:00:00Z"), ZoneOffset.UTC))
                        .build());
    }
}
