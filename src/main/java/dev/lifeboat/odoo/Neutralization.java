package dev.lifeboat.odoo;

import java.net.URI;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Takes the teeth out of a copy of production: no mail leaves it, no scheduled job runs, no payment is taken, no webhook is
 * called. The statements have the effect of the files {@code data/neutralize.sql} of Odoo 19's own modules (base, mail,
 * payment, delivery, iap), each where its table and columns are there. All or nothing, and as often as one likes.
 */
public final class Neutralization {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final String DUMMY = "neutralization - disable emails";

    private Neutralization() {}

    /**
     * What the database becomes.
     *
     * @param url where its Odoo answers; empty: the base URL is left alone
     * @param newIdentity whether it comes from another environment: it then gets a UUID, a secret and a date of its own, as
     *     Odoo's "duplicate database" gives them
     */
    public record Target(Optional<URI> url, boolean newIdentity) {}

    /**
     * One thing that was done.
     *
     * @param what in words
     * @param table whose rows it is about
     * @param rows how many were changed; −1: the table or one of its columns is not there, so there was nothing to do
     */
    public record Effect(String what, String table, long rows) {}

    /** Everything that was done, in order. */
    public record Report(List<Effect> effects) {
        public Report {
            effects = List.copyOf(effects);
        }
    }

    private record Statement(String what, String table, List<String> columns, String sql) {}

    private static final List<Statement> STATEMENTS = List.of(
            new Statement(
                    "outgoing mail servers are off",
                    "ir_mail_server",
                    List.of("active"),
                    "UPDATE ir_mail_server SET active = false WHERE active AND name <> '" + DUMMY + "'"),
            new Statement(
                    "a mail server that leads nowhere stands before those of the command line",
                    "ir_mail_server",
                    List.of("name", "smtp_port", "smtp_host", "smtp_encryption", "active", "smtp_authentication"),
                    "INSERT INTO ir_mail_server (name, smtp_port, smtp_host, smtp_encryption, active, smtp_authentication)"
                            + " SELECT '" + DUMMY + "', 1025, 'invalid', 'none', true, 'login'"
                            + " WHERE NOT EXISTS (SELECT FROM ir_mail_server WHERE name = '" + DUMMY + "')"),
            new Statement(
                    "templates name no mail server",
                    "mail_template",
                    List.of("mail_server_id"),
                    "UPDATE mail_template SET mail_server_id = NULL WHERE mail_server_id IS NOT NULL"),
            new Statement(
                    "incoming mail servers are off",
                    "fetchmail_server",
                    List.of("active"),
                    "UPDATE fetchmail_server SET active = false WHERE active"),
            new Statement(
                    "scheduled jobs are off, but for the one that cleans up",
                    "ir_cron",
                    List.of("active"),
                    "UPDATE ir_cron SET active = false WHERE active AND id NOT IN (SELECT res_id FROM ir_model_data"
                            + " WHERE model = 'ir.cron' AND name = 'autovacuum_job' AND res_id IS NOT NULL)"),
            new Statement(
                    "webhooks lead nowhere",
                    "ir_act_server",
                    List.of("webhook_url", "state"),
                    "UPDATE ir_act_server SET webhook_url = 'neutralization - disable webhook' WHERE state = 'webhook'"
                            + " AND webhook_url IS DISTINCT FROM 'neutralization - disable webhook'"),
            new Statement(
                    "payment providers are off",
                    "payment_provider",
                    List.of("state"),
                    "UPDATE payment_provider SET state = 'disabled' WHERE state NOT IN ('test', 'disabled')"),
            new Statement(
                    "deliveries are ordered from test systems",
                    "delivery_carrier",
                    List.of("prod_environment"),
                    "UPDATE delivery_carrier SET prod_environment = false WHERE prod_environment"),
            new Statement(
                    "accounts of in-app purchases can't be charged",
                    "iap_account",
                    List.of("account_token"),
                    "UPDATE iap_account SET account_token = regexp_replace(account_token, '(\\+.*)?$', '+disabled')"
                            + " WHERE account_token IS NOT NULL AND account_token NOT LIKE '%+disabled'"));

    /**
     * Neutralises a database in one transaction.
     *
     * @param connection as the owner of the tables; its transaction must not be open, and is ended
     * @throws SQLException where a statement fails; then nothing was changed
     */
    public static Report apply(Connection connection, Target target) throws SQLException {
        boolean autoCommit = connection.getAutoCommit();
        connection.setAutoCommit(false);
        try {
            try (var limit = connection.createStatement()) {
                limit.execute("SET LOCAL statement_timeout = " + LIMIT.toMillis());
            }
            var effects = new ArrayList<Effect>();
            for (Statement statement : STATEMENTS) {
                effects.add(
                        has(connection, statement.table, statement.columns)
                                ? run(connection, statement)
                                : new Effect(statement.what, statement.table, -1));
            }
            if (has(connection, "ir_config_parameter", List.of("key", "value"))) {
                effects.add(parameter(connection, "database.is_neutralized", "true"));
                if (target.url.isPresent()) {
                    effects.add(parameter(
                            connection, "web.base.url", target.url.get().toString()));
                }
                if (target.newIdentity) {
                    effects.add(parameter(
                            connection, "database.uuid", UUID.randomUUID().toString()));
                    effects.add(parameter(
                            connection, "database.secret", UUID.randomUUID().toString()));
                    effects.add(parameter(connection, "database.create_date", now(connection)));
                }
            }
            connection.commit();
            return new Report(effects);
        } finally {
            connection.rollback();
            connection.setAutoCommit(autoCommit);
        }
    }

    private static Effect run(Connection connection, Statement statement) throws SQLException {
        try (var update = connection.createStatement()) {
            return new Effect(statement.what, statement.table, update.executeLargeUpdate(statement.sql));
        }
    }

    /** The value itself is not told: some are secret. */
    private static Effect parameter(Connection connection, String key, String value) throws SQLException {
        try (PreparedStatement set =
                connection.prepareStatement("INSERT INTO ir_config_parameter (key, value) VALUES (?, ?)"
                        + " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
                        + " WHERE ir_config_parameter.value IS DISTINCT FROM excluded.value")) {
            set.setString(1, key);
            set.setString(2, value);
            return new Effect(key + " is set", "ir_config_parameter", set.executeLargeUpdate());
        }
    }

    private static String now(Connection connection) throws SQLException {
        try (var query = connection.createStatement();
                var row = query.executeQuery("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')")) {
            row.next();
            return row.getString(1);
        }
    }

    private static boolean has(Connection connection, String table, List<String> columns) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('public.' || quote_ident(?))"
                        + " AND attnum > 0 AND NOT attisdropped AND attname = ANY (?)")) {
            query.setString(1, table);
            query.setArray(2, connection.createArrayOf("text", columns.toArray()));
            try (var row = query.executeQuery()) {
                row.next();
                return row.getLong(1) == columns.size();
            }
        }
    }
}
