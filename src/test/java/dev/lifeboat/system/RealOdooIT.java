package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The promises to the users of an Odoo, against a real one; {@code infra/odoo/test.sh} runs it. */
class RealOdooIT {
    private static final Path ODOO = Path.of(System.getProperty("lifeboat.odoo", "data/odoo"));
    private static final String PASSWORD = "admin";
    private static final String ADDON = "lifeboat_probe";

    @TempDir
    Path folder;

    private final RealOdoo prod = new RealOdoo(ODOO, "prod", 8069);
    private final RealOdoo staging = new RealOdoo(ODOO, "staging", 8169);
    private Installation lifeboat;

    @BeforeEach
    void install() throws IOException, InterruptedException {
        removeAddon();
        prod.fresh();
        lifeboat = Installation.beside(folder, prod.database(), prod.filestore());
        configure(true);
    }

    @AfterEach
    void remove() throws IOException, InterruptedException {
        lifeboat.stop();
        prod.stop();
        staging.stop();
        removeAddon();
    }

    private void configure(boolean withCommandLine) throws IOException {
        Files.writeString(
                folder.resolve("config/application.yaml"),
                "lifeboat:\n  projects:\n    main:\n      environments:\n"
                        + prod.configuration("production", withCommandLine).indent(8)
                        + staging.configuration("staging", withCommandLine).indent(8));
    }

    private JsonNode backup() {
        JsonNode run = lifeboat.lifeboat("backup", "prod", "--json").succeeded().json();
        assertThat(run.path("status").asText()).isEqualTo("success");
        assertThat(run.path("degraded")).isEmpty();
        return run;
    }

    private JsonNode restore(String artifact) throws IOException {
        JsonNode run = lifeboat.lifeboat("restore", "prod", artifact, "--again", "--confirm", "prod", "--json")
                .succeeded()
                .json();
        assertThat(run.path("status").asText()).isEqualTo("success");
        return run;
    }

    private static JsonNode report(JsonNode run) throws IOException {
        return Json.mapper()
                .readTree(Path.of(run.path("evidence_dir").asText(), "validation_report.json")
                        .toFile());
    }

    private static void allSevenPassed(JsonNode run) throws IOException {
        var outcomes = new TreeMap<String, String>();
        report(run)
                .path("checks")
                .forEach(check -> outcomes.put(
                        check.path("name").asText(), check.path("outcome").asText()));
        assertThat(outcomes).as(report(run).toPrettyString()).hasSize(7);
        assertThat(outcomes.values()).as(report(run).toPrettyString()).containsOnly("passed");
        assertThat(report(run).toString()).contains("through Odoo too");
    }

    /** What users have in it: an invoice that can be read, and attachments with their bytes. */
    private record Business(long partner, long invoice, Map<Long, byte[]> attachments) {
        static Business begin(RealOdoo.User user) throws IOException, InterruptedException {
            long partner = user.partner("Shipyard");
            var attachments = new TreeMap<Long, byte[]>();
            for (int i = 0; i < 5; i++) {
                byte[] content = new byte[20_000 + i];
                new Random(i).nextBytes(content);
                attachments.put(user.attachment(content), content);
            }
            return new Business(partner, user.invoice(partner), attachments);
        }

        void goesOn(RealOdoo odoo) throws IOException, InterruptedException {
            try (var user = odoo.new User(PASSWORD)) {
                assertThat(user.total(invoice)).isEqualTo(42);
                assertThat(user.total(user.invoice(partner))).isEqualTo(42);
                for (var attachment : attachments.entrySet()) {
                    assertThat(user.download(attachment.getKey())).isEqualTo(attachment.getValue());
                }
            }
        }
    }

    @Test
    void a_backup_under_load_interrupts_nobody_and_every_attachment_is_in_it()
            throws IOException, InterruptedException, SQLException {
        prod.start();
        var uploaded = new ConcurrentHashMap<Long, byte[]>();
        var failure = new AtomicReference<Exception>();
        var enough = new AtomicBoolean();
        Thread load = Thread.ofPlatform().start(() -> {
            var random = new Random(1);
            try (var user = prod.new User(PASSWORD)) {
                while (!enough.get()) {
                    long partner = user.partner("Customer " + uploaded.size());
                    user.invoice(partner);
                    byte[] content = new byte[1 + random.nextInt(100_000)];
                    random.nextBytes(content);
                    uploaded.put(user.attachment(content), content);
                }
            } catch (IOException | InterruptedException e) {
                failure.set(e);
            }
        });
        JsonNode run;
        try {
            Installation.await("the first uploads", () -> uploaded.size() >= 5 || failure.get() != null);
            run = backup();
        } finally {
            enough.set(true);
            load.join();
        }
        assertThat(failure.get()).isNull();
        int during = uploaded.size();
        System.out.printf("under load: %d partners, invoices and attachments made while the backup ran%n", during);
        restore(run.path("artifact_id").asText());
        long referred = Long.parseLong(
                prod.query("SELECT count(DISTINCT store_fname) FROM ir_attachment WHERE store_fname <> ''"));
        long missing = 0;
        try (var connection = prod.connect();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(
                        "SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname <> ''")) {
            while (rows.next()) {
                Path file = prod.filestore().resolve(rows.getString(1));
                missing += Files.exists(file)
                                && Installation.sha1(file)
                                        .equals(file.getFileName().toString())
                        ? 0
                        : 1;
            }
        }
        System.out.printf("under load: %d files referred to in the backup, %d of them missing%n", referred, missing);
        assertThat(missing).isZero();
    }

    @Test
    void each_kind_of_damage_is_undone_and_odoo_works_again() throws IOException, InterruptedException, SQLException {
        prod.start();
        Business business;
        try (var user = prod.new User(PASSWORD)) {
            business = Business.begin(user);
        }
        String artifact = backup().path("artifact_id").asText();
        var damages = new ArrayList<Map.Entry<String, Damage>>();
        damages.add(Map.entry("the database is dropped", () -> dropDatabase()));
        damages.add(Map.entry("the filestore is deleted", () -> Installation.deleteTree(prod.filestore())));
        damages.add(Map.entry(
                "a module's tables are dropped",
                () -> prod.execute("DROP TABLE sale_order, sale_order_line, stock_move CASCADE")));
        damages.add(Map.entry(
                "the administrator's password is changed",
                () -> prod.execute("UPDATE res_users SET password = 'changed' WHERE login = 'admin'")));
        for (var damage : damages) {
            damage.getValue().happen();
            JsonNode run = restore(artifact);
            assertThat(prod.serves()).as(damage.getKey()).isTrue();
            business.goesOn(prod);
            allSevenPassed(run);
            System.out.printf("%s: undone, all seven checks passed%n", damage.getKey());
        }
    }

    private interface Damage {
        void happen() throws IOException, SQLException;
    }

    private void dropDatabase() throws IOException, SQLException {
        try (var connection = new dev.lifeboat.postgres.DatabaseServer(prod.database()).connectMaintenance();
                var statement = connection.createStatement()) {
            statement.execute("DROP DATABASE " + prod.databaseName() + " WITH (FORCE)");
        }
    }

    /** An artifact that has a module installed whose code is gone; the environment is as it was before that module. */
    private String artifactOfAModuleThatIsGone() throws IOException, InterruptedException {
        String before = backup().path("artifact_id").asText();
        Path addon = prod.bed().resolve("addons").resolve(ADDON);
        Files.createDirectories(addon);
        Files.writeString(addon.resolve("__init__.py"), "");
        Files.writeString(
                addon.resolve("__manifest__.py"),
                "{'name': 'Probe', 'version': '19.0.1.0', 'depends': ['base'], 'license': 'LGPL-3'}\n");
        prod.control(
                "run",
                "server",
                "-c",
                prod.bed().resolve("prod.conf").toString(),
                "--database=" + prod.databaseName(),
                "--init=" + ADDON,
                "--stop-after-init",
                "--no-http",
                "--logfile=",
                "--pidfile=");
        String with = backup().path("artifact_id").asText();
        restore(before);
        removeAddon();
        return with;
    }

    private void removeAddon() throws IOException {
        Path addon = prod.bed().resolve("addons").resolve(ADDON);
        if (Files.exists(addon)) {
            Installation.deleteTree(addon);
        }
    }

    @Test
    void a_restore_whose_module_is_not_on_disk_fails_its_validation_and_is_rolled_back()
            throws IOException, InterruptedException, SQLException {
        configure(false);
        String artifact = artifactOfAModuleThatIsGone();
        long partner;
        try (var user = prod.new User(PASSWORD)) {
            partner = user.partner("Made after the backup");
        }
        Installation.Ended ended = lifeboat.lifeboat("restore", "prod", artifact, "--confirm", "prod", "--json");
        assertThat(ended.exitCode()).as(ended.errors()).isEqualTo(4);
        assertThat(ended.json().path("status").asText()).isEqualTo("rolled_back");
        assertThat(report(ended.json()).toString()).contains(ADDON + ": its code is not on disk");
        Installation.await("Odoo as it was", prod::serves);
        try (var user = prod.new User(PASSWORD)) {
            assertThat(user.call("res.partner", "read", List.of(List.of(partner), List.of("name")))
                            .at("/0/name")
                            .asText())
                    .isEqualTo("Made after the backup");
        }
    }

    @Test
    void where_odoo_can_be_run_on_a_copy_such_a_restore_fails_before_anything_is_touched_or_stopped()
            throws IOException, InterruptedException {
        String artifact = artifactOfAModuleThatIsGone();
        var served = new AtomicBoolean(true);
        var over = new AtomicBoolean();
        Thread watch = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                served.compareAndSet(true, prod.serves());
            }
        });
        Installation.Ended ended = lifeboat.lifeboat("restore", "prod", artifact, "--confirm", "prod", "--json");
        over.set(true);
        watch.join();
        assertThat(ended.exitCode()).as(ended.errors()).isEqualTo(1);
        assertThat(ended.json().path("status").asText()).isEqualTo("failed");
        assertThat(ended.errors()).contains("Odoo does not load what would be restored");
        assertThat(served).isTrue();
    }

    @Test
    void productions_data_in_staging_sends_nothing_runs_nothing_and_production_is_as_it_was()
            throws IOException, InterruptedException, SQLException {
        prod.execute(
                "INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_authentication, smtp_encryption, active)"
                        + " VALUES ('real', 'mail.example.com', 25, 'login', 'none', true)");
        backup();
        var tables = lifeboat.tables();
        var tree = lifeboat.tree();
        JsonNode run = lifeboat.lifeboat("restore", "staging", "latest", "--from-environment", "prod", "--json")
                .succeeded()
                .json();
        assertThat(lifeboat.tables()).isEqualTo(tables);
        assertThat(lifeboat.tree()).isEqualTo(tree);
        assertThat(staging.serves()).isTrue();
        assertThat(staging.query("SELECT string_agg(smtp_host, ',') FROM ir_mail_server WHERE active"))
                .isEqualTo("invalid");
        assertThat(staging.query("SELECT string_agg(d.name, ',') FROM ir_cron c JOIN ir_model_data d"
                        + " ON d.model = 'ir.cron' AND d.res_id = c.id WHERE c.active"))
                .isEqualTo("autovacuum_job");
        assertThat(staging.query("SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'"))
                .isEqualTo(staging.url().toString());
        assertThat(staging.query("SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'"))
                .isNotEqualTo(prod.query("SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'"));
        JsonNode neutralization = Json.mapper()
                .readTree(Path.of(run.path("evidence_dir").asText(), "neutralization.json")
                        .toFile());
        assertThat(neutralization.path("odoo_neutralize").asBoolean()).isTrue();
    }

    @Test
    void odoo_takes_what_lifeboat_exports_and_lifeboat_takes_what_odoo_dumps()
            throws IOException, InterruptedException, SQLException {
        prod.start();
        Business business;
        try (var user = prod.new User(PASSWORD)) {
            business = Business.begin(user);
        }
        String conf = prod.bed().resolve("prod.conf").toString();
        String artifact = backup().path("artifact_id").asText();
        Path exchange = Files.createDirectories(prod.bed().resolve("exchange"));
        try {
            Path exported = exchange.resolve("exported.zip");
            lifeboat.lifeboat("artifact", "export", artifact, "--odoo-zip", exported.toString())
                    .succeeded();
            prod.control("run", "db", "-c", conf, "load", "--force", "odoo_loaded", exported.toString());
            try {
                assertThat(partnersOf("odoo_loaded")).isEqualTo(partnersOf(prod.databaseName()));
                try (var files = Files.walk(prod.filestore().resolveSibling("odoo_loaded"))) {
                    assertThat(files.filter(Files::isRegularFile).count()).isPositive();
                }
            } finally {
                prod.control("run", "db", "-c", conf, "drop", "odoo_loaded");
            }
            Path dumped = exchange.resolve("dumped.zip");
            // Odoo's own user may write there
            Path written = prod.bed().resolve("data/dumped.zip");
            prod.control("run", "db", "-c", conf, "dump", prod.databaseName(), written.toString());
            Files.move(written, dumped);
            JsonNode imported = lifeboat.lifeboat("artifact", "import", dumped.toString(), "--env", "prod", "--json")
                    .succeeded()
                    .json();
            dropDatabase();
            Installation.deleteTree(prod.filestore());
            JsonNode run = restore(imported.path("artifact_id").asText());
            business.goesOn(prod);
            allSevenPassed(run);
        } finally {
            Installation.deleteTree(exchange);
        }
    }

    private String partnersOf(String database) throws IOException, SQLException {
        try (var connection = new dev.lifeboat.postgres.DatabaseServer(prod.database())
                        .connect(database, java.time.Duration.ofMinutes(1));
                var statement = connection.createStatement();
                var row = statement.executeQuery(
                        "SELECT count(*), md5(string_agg(name, ',' ORDER BY id)) FROM res_partner")) {
            row.next();
            return row.getString(1) + " " + row.getString(2);
        }
    }

    /** Prints how long users are without Odoo in a full restore, beside what its own stop and start take. */
    @Test
    void users_are_without_odoo_for_little_more_than_its_own_stop_and_start() throws IOException, InterruptedException {
        prod.start();
        String artifact = backup().path("artifact_id").asText();
        long begin = System.nanoTime();
        prod.stop();
        prod.start();
        double own = (System.nanoTime() - begin) / 1e9;
        var over = new AtomicBoolean();
        var longest = new AtomicLong();
        Thread watch = Thread.ofPlatform().start(() -> {
            long last = System.nanoTime();
            while (!over.get()) {
                if (prod.serves()) {
                    longest.accumulateAndGet(System.nanoTime() - last, Math::max);
                    last = System.nanoTime();
                }
            }
        });
        restore(artifact);
        over.set(true);
        watch.join();
        System.out.printf(
                "users were without Odoo for %.1f s; its own stop and start took %.1f s: %.1f s more%n",
                longest.get() / 1e9, own, longest.get() / 1e9 - own);
        assertThat(prod.serves()).isTrue();
    }
}
