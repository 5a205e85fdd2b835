package dev.lifeboat.odoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.testing.TestCluster;
import java.net.URI;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class NeutralizationTest {
    private static final String NAME = "neutralization_test";
    private static final Neutralization.Target COPY =
            new Neutralization.Target(Optional.of(URI.create("http://copy.example.com/o'dd")), true);

    private DatabaseBinding database;

    @BeforeEach
    void make() {
        database = TestCluster.createOdooDatabase(NAME);
        TestCluster.execute(database, """
                INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_encryption, smtp_authentication, active)
                    VALUES ('ours', 'mail.example.com', 25, 'none', 'login', true);
                INSERT INTO fetchmail_server (name, server_type, active) VALUES ('inbox', 'imap', true);
                INSERT INTO payment_provider (code, name, state) VALUES ('bank', '{}', 'enabled'), ('try', '{}', 'test');
                UPDATE ir_cron SET active = true;
                ALTER TABLE ir_act_server ADD COLUMN webhook_url varchar;
                INSERT INTO ir_act_server (name, state, webhook_url) VALUES ('{}', 'webhook', 'https://example.com/hook');
                """);
    }

    @AfterEach
    void drop() {
        TestCluster.drop(NAME);
    }

    @Test
    void no_mail_no_jobs_no_payments_no_webhooks_are_left() throws SQLException {
        String uuid = parameter("database.uuid");
        apply(COPY);

        assertThat(ask("SELECT string_agg(name, ',') FROM ir_mail_server WHERE active"))
                .isEqualTo("neutralization - disable emails");
        assertThat(ask("SELECT count(*) FROM fetchmail_server WHERE active")).isEqualTo("0");
        assertThat(
                        ask(
                                "SELECT string_agg(state, ',' ORDER BY state) FROM payment_provider WHERE code IN ('bank', 'try')"))
                .isEqualTo("disabled,test");
        assertThat(ask("SELECT count(*) FROM ir_act_server WHERE webhook_url LIKE 'http%'"))
                .isEqualTo("0");
        assertThat(ask("SELECT count(*) FROM ir_cron WHERE active AND id NOT IN (SELECT res_id FROM ir_model_data"
                        + " WHERE model = 'ir.cron' AND name = 'autovacuum_job')"))
                .isEqualTo("0");
        assertThat(parameter("database.is_neutralized")).isEqualTo("true");
        assertThat(parameter("web.base.url")).isEqualTo("http://copy.example.com/o'dd");
        assertThat(parameter("database.uuid")).isNotBlank().isNotEqualTo(uuid);
    }

    @Test
    void a_second_time_changes_no_row_but_the_identity() throws SQLException {
        var sameIdentity = new Neutralization.Target(Optional.empty(), false);
        apply(sameIdentity);

        Neutralization.Report second = apply(sameIdentity);

        assertThat(second.effects())
                .allSatisfy(effect -> assertThat(effect.rows()).isLessThanOrEqualTo(0));
        assertThat(ask("SELECT count(*) FROM ir_mail_server WHERE smtp_host = 'invalid'"))
                .isEqualTo("1");
    }

    @Test
    void a_table_that_is_not_there_is_told_and_is_no_error() throws SQLException {
        TestCluster.execute(database, "DROP TABLE payment_provider, fetchmail_server CASCADE");

        assertThat(apply(COPY).effects())
                .filteredOn(effect -> effect.table().equals("payment_provider"))
                .singleElement()
                .satisfies(effect -> assertThat(effect.rows()).isEqualTo(-1));
    }

    @Test
    void where_one_statement_fails_nothing_is_changed() {
        TestCluster.execute(
                database,
                "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$;"
                        + "CREATE TRIGGER no BEFORE UPDATE ON payment_provider FOR EACH ROW EXECUTE FUNCTION no()");

        assertThatThrownBy(() -> apply(COPY)).isInstanceOf(SQLException.class);

        assertThat(ask("SELECT string_agg(name, ',') FROM ir_mail_server WHERE name = 'ours' AND active"))
                .isEqualTo("ours");
        assertThat(parameter("database.is_neutralized")).isNull();
    }

    private Neutralization.Report apply(Neutralization.Target target) throws SQLException {
        try (var connection = new DatabaseServer(database).connect()) {
            return Neutralization.apply(connection, target);
        }
    }

    private String ask(String sql) {
        return TestCluster.query(database, sql);
    }

    private String parameter(String key) {
        return ask("SELECT value FROM ir_config_parameter WHERE key = '" + key + "'");
    }
}
