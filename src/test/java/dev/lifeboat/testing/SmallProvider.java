package dev.lifeboat.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.json.Json;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An OpenID Connect provider with one client, {@code lifeboat}: discovery, keys, the code flow, and tokens signed with RS256. Who
 * comes to its login is logged in at once, as the user that a test has set.
 */
public final class SmallProvider implements QuarkusTestResourceLifecycleManager {
    private static final Base64.Encoder URL = Base64.getUrlEncoder().withoutPadding();
    private static final KeyPair KEYS = keys();
    private static volatile String user = "maria";
    private static volatile List<String> groups = List.of();
    private static volatile String issuer;

    private HttpServer server;

    /** Who logs in from now on. */
    public static void loginAs(String name, String... of) {
        user = name;
        groups = List.of(of);
    }

    @Override
    public Map<String, String> start() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        issuer = "http://127.0.0.1:" + server.getAddress().getPort();
        server.createContext("/.well-known/openid-configuration", SmallProvider::discovery);
        server.createContext("/keys", SmallProvider::keySet);
        server.createContext("/authorize", SmallProvider::authorize);
        server.createContext("/token", SmallProvider::token);
        server.start();
        return Map.of(
                "lifeboat.oidc.enabled", "true",
                "lifeboat.oidc.roles.viewers.group", "shop-viewers",
                "lifeboat.oidc.roles.viewers.project", "acme",
                "lifeboat.oidc.roles.viewers.role", "viewer",
                "lifeboat.oidc.roles.operators.group", "shop-operators",
                "lifeboat.oidc.roles.operators.project", "acme",
                "lifeboat.oidc.roles.operators.role", "operator",
                "quarkus.oidc.auth-server-url", issuer,
                "quarkus.oidc.client-id", "lifeboat",
                "quarkus.oidc.credentials.secret", "the-secret-of-the-client-lifeboat-at-the-provider");
    }

    @Override
    public void stop() {
        server.stop(0);
    }

    /** A token as the provider gives it. */
    public static String token(String subject, Instant until, List<String> of) {
        return sign(KEYS, "lifeboat", subject, until, of);
    }

    /** A token as the provider gives it to another application. */
    public static String tokenForAnother(String application, String subject, List<String> of) {
        return sign(KEYS, application, subject, Instant.now().plusSeconds(300), of);
    }

    /** A token as somebody else would make it. */
    public static String forged(String subject, List<String> of) {
        return sign(keys(), "lifeboat", subject, Instant.now().plusSeconds(300), of);
    }

    private static String sign(KeyPair by, String audience, String subject, Instant until, List<String> of) {
        var claims = Json.object()
                .put("iss", issuer)
                .put("aud", audience)
                .put("azp", audience)
                .put("sub", "id-of-" + subject)
                .put("preferred_username", subject)
                .put("iat", Instant.now().getEpochSecond())
                .put("exp", until.getEpochSecond());
        of.forEach(claims.withArray("groups")::add);
        String header = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"one\"}";
        String signed = encoded(header) + "." + encoded(claims.toString());
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(by.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + URL.encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static void discovery(HttpExchange call) throws IOException {
        answer(
                call,
                Json.object()
                        .put("issuer", issuer)
                        .put("jwks_uri", issuer + "/keys")
                        .put("authorization_endpoint", issuer + "/authorize")
                        .put("token_endpoint", issuer + "/token")
                        .toString());
    }

    private static void keySet(HttpExchange call) throws IOException {
        RSAPublicKey key = (RSAPublicKey) KEYS.getPublic();
        var set = Json.object();
        set.withArray("keys")
                .addObject()
                .put("kty", "RSA")
                .put("use", "sig")
                .put("alg", "RS256")
                .put("kid", "one")
                .put("n", encoded(key.getModulus()))
                .put("e", encoded(key.getPublicExponent()));
        answer(call, set.toString());
    }

    private static void authorize(HttpExchange call) throws IOException {
        Map<String, String> asked = parameters(call.getRequestURI().getRawQuery());
        call.getResponseHeaders()
                .set("Location", asked.get("redirect_uri") + "?code=one-time-code&state=" + asked.get("state"));
        call.sendResponseHeaders(302, -1);
        call.close();
    }

    private static void token(HttpExchange call) throws IOException {
        Map<String, String> asked =
                parameters(new String(call.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        if (!"one-time-code".equals(asked.get("code"))) {
            call.sendResponseHeaders(400, -1);
            call.close();
            return;
        }
        String token = token(user, Instant.now().plusSeconds(300), groups);
        answer(
                call,
                Json.object()
                        .put("access_token", token)
                        .put("id_token", token)
                        .put("token_type", "Bearer")
                        .put("expires_in", 300)
                        .toString());
    }

    private static Map<String, String> parameters(String query) {
        var parameters = new HashMap<String, String>();
        Arrays.stream(query.split("&"))
                .map(pair -> pair.split("=", 2))
                .forEach(pair -> parameters.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8)));
        return parameters;
    }

    private static void answer(HttpExchange call, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        call.getResponseHeaders().set("Content-Type", "application/json");
        call.sendResponseHeaders(200, body.length);
        call.getResponseBody().write(body);
        call.close();
    }

    private static String encoded(String text) {
        return URL.encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String encoded(BigInteger number) {
        byte[] bytes = number.toByteArray();
        return URL.encodeToString(bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes);
    }

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
