package dev.lifeboat.testing;

import dev.lifeboat.environment.DatabaseBinding;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/**
 * An empty state database, and an environment {@code acme/shop}: a database shaped like one of Odoo and a filestore. Nothing
 * is advanced by the clock, so that a test alone decides what happens to a run.
 */
public final class StateResource implements QuarkusTestResourceLifecycleManager {
    /** The token that lets callers in. */
    public static final String TOKEN = "test-token";

    /** What the event sources {@code ci} (of acme/shop) and {@code elsewhere} (of none) sign with. */
    public static final String EVENT_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

    private static final String STATE = "lifeboat_state";
    private static final String SHOP = "state_resource_shop";

    private Path folder;

    @Override
    public Map<String, String> start() {
        TestCluster.drop(STATE);
        DatabaseBinding state = TestCluster.get().binding(STATE);
        TestCluster.get().createDatabase(STATE, state.user());
        DatabaseBinding shop = TestCluster.createOdooDatabase(SHOP);
        Path filestore;
        try {
            folder = Files.createTempDirectory("lifeboat-state-resource");
            filestore = Files.createDirectories(folder.resolve("odoo/filestore").resolve(SHOP));
            for (var attachment : TestCluster.addAttachments(shop, 5)) {
                Path file = filestore.resolve(attachment.storeFname());
                Files.createDirectories(file.getParent());
                Files.writeString(file, attachment.text());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var settings = new HashMap<String, String>();
        settings.put(
                "quarkus.datasource.jdbc.url",
                "jdbc:postgresql://" + state.host() + ":" + state.port() + "/" + state.name());
        settings.put("quarkus.datasource.username", state.user());
        settings.put("quarkus.datasource.password", state.password().value());
        settings.put("quarkus.scheduler.enabled", "false");
        settings.put("lifeboat.data-dir", folder.resolve("data").toString());
        settings.put("lifeboat.evidence-dir", folder.resolve("evidence").toString());
        settings.put("lifeboat.token", TOKEN);
        settings.put("lifeboat.events.ci.secret", EVENT_SECRET);
        settings.put("lifeboat.events.ci.environments", "acme/shop");
        settings.put("lifeboat.events.elsewhere.secret", EVENT_SECRET);
        String environment = "lifeboat.projects.acme.environments.shop.";
        settings.put(environment + "type", "dev");
        settings.put(environment + "filestore", filestore.toString());
        settings.put(environment + "database.host", shop.host());
        settings.put(environment + "database.port", Integer.toString(shop.port()));
        settings.put(environment + "database.name", shop.name());
        settings.put(environment + "database.user", shop.user());
        settings.put(environment + "database.password", shop.password().value());
        settings.put(environment + "database.sslmode", "disable");
        return settings;
    }

    @Override
    public void stop() {
        if (folder == null) {
            return;
        }
        try (var tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
