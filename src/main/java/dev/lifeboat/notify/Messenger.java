package dev.lifeboat.notify;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.json.Json;
import io.quarkus.mailer.Mail;
import io.quarkus.mailer.Mailer;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Hands a notice to its target. */
@ApplicationScoped
class Messenger {
    /** Over the body, with the target's secret: {@code sha256=<hex>}. */
    static final String SIGNATURE = "X-Lifeboat-Signature";

    /** The same for each attempt at the same notice. */
    static final String DELIVERY = "X-Lifeboat-Delivery";

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String HMAC = "HmacSHA256";

    private final Mailer mailer;

    Messenger(Mailer mailer) {
        this.mailer = mailer;
    }

    /**
     * Sends; returns when the target has taken it.
     *
     * @throws IOException why it has not; names no secret
     */
    void send(NoticeRow row, LifeboatConfig.Notices target) throws IOException, InterruptedException {
        switch (target.kind()) {
            case SLACK ->
                post(target, Json.object().put("text", "*" + row.title + "*\n" + row.body), row, Optional.empty());
            case WEBHOOK -> post(target, document(row), row, target.secret());
            case MAIL -> mail(row, target.to().orElse(List.of()));
        }
    }

    private static ObjectNode document(NoticeRow row) {
        return Json.object()
                .put("event", row.event)
                .put("environment", row.environmentId)
                .put("run_id", row.runId)
                .put("title", row.title)
                .put("text", row.body)
                .put("at", row.createdAt.toString());
    }

    private static void post(LifeboatConfig.Notices target, ObjectNode document, NoticeRow row, Optional<String> secret)
            throws IOException, InterruptedException {
        byte[] body = document.toString().getBytes(StandardCharsets.UTF_8);
        URI url = target.url().orElseThrow(() -> new IOException("the target has no url"));
        HttpRequest.Builder request = HttpRequest.newBuilder(url)
                .timeout(LIMIT)
                .header("Content-Type", "application/json")
                .header(DELIVERY, Long.toString(row.id))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        secret.ifPresent(key -> request.header(SIGNATURE, "sha256=" + hmac(key, body)));
        try (HttpClient http = HttpClient.newBuilder().connectTimeout(LIMIT).build()) {
            int status = http.send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            if (status >= 300) {
                throw new IOException("HTTP status " + status);
            }
        }
    }

    private static String hmac(String key, byte[] body) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), HMAC));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + HMAC, e);
        }
    }

    private void mail(NoticeRow row, List<String> to) throws IOException {
        if (to.isEmpty()) {
            throw new IOException("the target names nobody (to)");
        }
        try {
            mailer.send(Mail.withText(to.getFirst(), row.title, row.body).setTo(to));
        } catch (RuntimeException e) {
            // The mailer throws what its transport does.
            throw new IOException(String.valueOf(e.getMessage()), e);
        }
    }
}
