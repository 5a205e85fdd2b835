package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.testing.TestCluster;
import java.io.OutputStream;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CaptureTest {
    private static DatabaseBinding odoo;

    @BeforeAll
    static void prepare() {
        odoo = TestCluster.createOdooDatabase("captured");
    }

    @AfterAll
    static void remove() {
        TestCluster.drop("captured");
    }

    @Test
    void all_that_is_read_is_of_one_instant() {
        var files = TestCluster.addAttachments(odoo, 30);
        try (var capture = Capture.open(new DatabaseServer(odoo))) {
            assertThat(capture.fenced()).isTrue();
            long partners = capture.recordCounts().get("res_partner");
            TestCluster.execute(odoo, "INSERT INTO res_partner (name) VALUES ('late')");
            TestCluster.execute(odoo, "UPDATE ir_attachment SET store_fname = 'aa/late' WHERE name = 'file-1.txt'");
            assertThat(capture.recordCounts()).containsEntry("res_partner", partners);
            var names = new ArrayList<String>();
            assertThat(capture.attachments(names::add)).isEqualTo(30);
            assertThat(names)
                    .containsExactlyElementsOf(files.stream()
                            .map(TestCluster.Attachment::storeFname)
                            .sorted()
                            .toList());
            assertThat(capture.odooVersion()).contains("19.0.1.3");
            assertThat(capture.modules())
                    .extracting(Capture.OdooModule::name)
                    .contains("account")
                    .doesNotContain("crm");
            assertThat(capture.parameter("database.uuid")).isPresent();
            assertThat(capture.parameter("no.such")).isEmpty();
            var facts = capture.facts();
            assertThat(facts.owner()).isEqualTo(TestCluster.ODOO);
            assertThat(facts.encoding()).isEqualTo("UTF8");
            assertThat(facts.extensions()).containsKey("plpgsql");
            assertThat(facts.connectionLimit()).isEqualTo(-1);
            assertThat(facts.grants()).isEmpty();
            assertThat(capture.isIntact()).isTrue();
        }
    }

    @Test
    void odoos_garbage_collection_cannot_start_while_a_capture_is_open() throws SQLException {
        try (var connection = new DatabaseServer(odoo).connect();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            var capture = Capture.open(new DatabaseServer(odoo));
            statement.execute("SET LOCAL lock_timeout = '100ms'");
            assertThatExceptionOfType(SQLException.class)
                    .isThrownBy(() -> statement.execute("LOCK ir_attachment IN SHARE MODE"))
                    .satisfies(e -> assertThat(e.getSQLState()).isEqualTo("55P03"));
            connection.rollback();
            assertThat(capture.conflictingWaiter()).isEmpty();
            capture.close();
            statement.execute("LOCK ir_attachment IN SHARE MODE");
            connection.rollback();
        }
    }

    @Test
    void a_schema_change_that_waits_for_the_capture_ends_the_dump() throws Exception {
        var server = new DatabaseServer(odoo);
        var tools = PgTools.forServer(server.probe().major(), Optional.empty());
        Thread change;
        try (var capture = Capture.open(server)) {
            change = Thread.ofVirtual()
                    .start(() -> TestCluster.execute(odoo, "ALTER TABLE ir_attachment ADD COLUMN IF NOT EXISTS x int"));
            while (capture.conflictingWaiter().isEmpty()) {
                Thread.onSpinWait();
            }
            assertThat(capture.conflictingWaiter().get().mode()).isEqualTo("AccessExclusiveLock");
            assertThatExceptionOfType(FaultException.class)
                    .isThrownBy(() -> new DatabaseDumper(tools, Clock.systemUTC())
                            .dump(capture, OutputStream.nullOutputStream(), Progress.NONE, Duration.ofMinutes(1)))
                    .satisfies(e -> assertThat(e.fault().code()).isEqualTo(FaultCode.CAPTURE_LOST));
        }
        change.join();
    }

    @Test
    void without_the_right_to_lock_the_capture_goes_on_and_says_so() {
        TestCluster.get().createRole("reader", new Secret("reads"), false);
        TestCluster.execute(odoo, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
        var reader = TestCluster.get().binding("captured", "reader", new Secret("reads"));
        try (var capture = Capture.open(new DatabaseServer(reader))) {
            assertThat(capture.fenced()).isFalse();
            assertThat(capture.unfencedReason().orElseThrow()).contains("may not lock");
            assertThat(capture.recordCounts()).containsKey("res_partner");
            assertThat(capture.isIntact()).isTrue();
        }
    }
}
