package dev.lifeboat.store;

import static software.amazon.awssdk.checksums.DefaultChecksumAlgorithm.SHA256;
import static software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.CHECKSUM_ALGORITHM;
import static software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.CHUNK_ENCODING_ENABLED;
import static software.amazon.awssdk.http.auth.spi.signer.SdkInternalHttpSignerProperty.CHECKSUM_STORE;

import java.io.InputStream;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.scheme.AwsV4AuthScheme;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.AsyncSignRequest;
import software.amazon.awssdk.http.auth.spi.signer.AsyncSignedRequest;
import software.amazon.awssdk.http.auth.spi.signer.PayloadChecksumStore;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.identity.spi.IdentityProviders;

/**
 * AWS Signature Version 4 that takes the SHA-256 of a body from the header that names it. Without TLS the signature covers
 * the body, and the SDK would read and hash each part once more for each store and each attempt. What is sent is the same.
 */
final class SigningOfKnownDigests implements AwsV4AuthScheme {
    private static final String DIGEST = "x-amz-checksum-sha256";

    private final AwsV4AuthScheme scheme = AwsV4AuthScheme.create();

    @Override
    public String schemeId() {
        return scheme.schemeId();
    }

    @Override
    public IdentityProvider<AwsCredentialsIdentity> identityProvider(IdentityProviders providers) {
        return scheme.identityProvider(providers);
    }

    @Override
    public AwsV4HttpSigner signer() {
        return new Signer(scheme.signer());
    }

    private record Signer(AwsV4HttpSigner sdk) implements AwsV4HttpSigner {
        @Override
        public SignedRequest sign(SignRequest<? extends AwsCredentialsIdentity> request) {
            Optional<String> digest = request.request().firstMatchingHeader(DIGEST);
            return digest.isPresent() && request.payload().isPresent() && coversBody(request)
                    ? sign(request, request.payload().get(), digest.get())
                    : sdk.sign(request);
        }

        /** Only what is put is what that header is about, and only a body that is sent as it is. */
        private static boolean coversBody(SignRequest<?> request) {
            return request.request().protocol().equals("http")
                    && request.request().method() == SdkHttpMethod.PUT
                    && !request.requireProperty(CHUNK_ENCODING_ENABLED, false);
        }

        /** The SDK's signer sees an empty body, and is told its digest as if it had computed that for the header itself. */
        private <I extends AwsCredentialsIdentity> SignedRequest sign(
                SignRequest<I> request, ContentStreamProvider body, String digest) {
            PayloadChecksumStore known = PayloadChecksumStore.create();
            known.putChecksumValue(SHA256, Base64.getDecoder().decode(digest));
            SdkHttpRequest undigested = request.request().copy(copy -> copy.removeHeader(DIGEST));
            return sdk.sign(request.copy(copy -> copy.request(undigested)
                            .payload(InputStream::nullInputStream)
                            .putProperty(CHECKSUM_ALGORITHM, SHA256)
                            .putProperty(CHECKSUM_STORE, known)))
                    .copy(signed -> signed.payload(body));
        }

        @Override
        public CompletableFuture<AsyncSignedRequest> signAsync(
                AsyncSignRequest<? extends AwsCredentialsIdentity> request) {
            return sdk.signAsync(request);
        }
    }
}
