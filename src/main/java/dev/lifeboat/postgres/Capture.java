package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * One snapshot of a database, and the fence that keeps Odoo's garbage collector away from the filestore meanwhile: a
 * transaction that took {@code LOCK TABLE ir_attachment IN ROW EXCLUSIVE MODE} before its snapshot. The collector wants
 * SHARE MODE, gives up after ten seconds and comes again later; writers are not held up. Everything that a backup says of a
 * database is read here or by {@code pg_dump --snapshot}. Thread-safe; ended by {@link #close}.
 */
public final class Capture implements AutoCloseable {
    private static final Duration LOCK_LIMIT = Duration.ofSeconds(30);
    private static final Duration ANSWER_LIMIT = Duration.ofHours(12);
    private static final int FETCH = 10_000;
    private static final List<String> COUNTED = List.of(
            "account_move",
            "account_move_line",
            "einvoice_document",
            "ir_attachment",
            "mail_message",
            "product_template",
            "res_partner",
            "res_users",
            "sale_order",
            "stock_move");

    private final String id = UUID.randomUUID().toString();
    private final DatabaseServer server;
    private final Connection connection;
    private final Optional<String> unfenced;
    private final String snapshot;
    private final Instant takenAt;

    private Capture(DatabaseServer server, Connection connection) throws SQLException {
        this.server = server;
        this.connection = connection;
        execute("SET idle_in_transaction_session_timeout = 0");
        execute("SET lock_timeout = " + LOCK_LIMIT.toMillis());
        Optional<String> problem = whyUnfenced();
        // The driver begins the transaction with the next statement: REPEATABLE READ, READ ONLY.
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setReadOnly(true);
        connection.setAutoCommit(false);
        if (problem.isEmpty()) {
            // First the lock, then the snapshot: what the collector did before is then seen, and it does nothing after.
            execute("LOCK TABLE ir_attachment IN ROW EXCLUSIVE MODE");
        }
        this.unfenced = problem;
        this.snapshot = text("SELECT pg_export_snapshot()").orElseThrow();
        this.takenAt = Instant.parse(
                text("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
                        .orElseThrow());
    }

    /**
     * Opens a capture of the binding's database.
     *
     * @throws FaultException DATABASE_* where it can't be reached; CAPTURE_LOST where the fence can't be had because
     *     something else (an upgrade of Odoo) locks the table
     */
    public static Capture open(DatabaseServer server) {
        Connection connection = server.connect(server.binding().name(), ANSWER_LIMIT);
        boolean open = false;
        try {
            var capture = new Capture(server, connection);
            open = true;
            return capture;
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.CAPTURE_LOST,
                            "no snapshot of database '" + server.binding().name() + "' could be taken",
                            "Something holds ir_attachment, usually an upgrade of Odoo (-u); the backup is tried again.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        } finally {
            if (!open) {
                closeQuietly(connection);
            }
        }
    }

    /** A module of Odoo. */
    public record Module(String name, String state, Optional<String> version) {}

    /**
     * How the database is set up on its server.
     *
     * @param sizeBytes {@code pg_database_size}
     * @param localeProvider {@code c} (libc), {@code i} (ICU) or {@code b} (builtin)
     * @param icuLocale the locale of ICU or builtin
     * @param settings {@code ALTER DATABASE … SET} lines as {@code name=value}
     * @param connectionLimit -1: none
     */
    public record DatabaseFacts(
            String serverVersion,
            int serverMajor,
            long sizeBytes,
            String encoding,
            String localeProvider,
            String collate,
            String ctype,
            Optional<String> icuLocale,
            String owner,
            Map<String, String> extensions,
            List<String> settings,
            int connectionLimit) {}

    /** Names the capture. */
    public String id() {
        return id;
    }

    /** The snapshot's name for {@code pg_dump --snapshot}. */
    public String snapshot() {
        return snapshot;
    }

    /** When the snapshot was taken (UTC, the server's clock). */
    public Instant takenAt() {
        return takenAt;
    }

    /** Why the fence could not be had; empty: it holds. */
    public Optional<String> unfenced() {
        return unfenced;
    }

    /** The server. */
    public DatabaseServer server() {
        return server;
    }

    /** Whether the snapshot is still there and the fence still holds. */
    public synchronized boolean isIntact() {
        try {
            return unfenced.isPresent()
                    ? text("SELECT 'here'").isPresent()
                    : text("SELECT 'held' FROM pg_locks WHERE pid = pg_backend_pid() AND granted AND mode ="
                                    + " 'RowExclusiveLock' AND relation = 'ir_attachment'::regclass")
                            .isPresent();
        } catch (SQLException e) {
            return false;
        }
    }

    /**
     * A session that waits for ir_attachment in a mode that would also stop pg_dump (an upgrade of Odoo); empty: none.
     * The answer is the waiter's own words for its application and query.
     */
    public synchronized Optional<String> conflictingWaiter() {
        if (unfenced.isPresent()) {
            return Optional.empty();
        }
        try {
            return text("SELECT coalesce(a.application_name, '') || ' waits with ' || l.mode FROM pg_locks l"
                    + " JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND l.relation = 'ir_attachment'::regclass"
                    + " AND l.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') LIMIT 1");
        } catch (SQLException e) {
            return Optional.of("the capture's session is lost: " + e.getMessage());
        }
    }

    /** Hands on every {@code store_fname} of ir_attachment, in ascending byte order, each once. */
    public synchronized void attachments(Consumer<String> names) {
        query(() -> {
            if (!hasTable("ir_attachment")) {
                return;
            }
            try (var statement = connection.createStatement()) {
                statement.setFetchSize(FETCH);
                try (var rows =
                        statement.executeQuery("SELECT DISTINCT store_fname COLLATE \"C\" FROM ir_attachment WHERE"
                                + " store_fname IS NOT NULL ORDER BY 1")) {
                    while (rows.next()) {
                        names.accept(rows.getString(1));
                    }
                }
            }
        });
    }

    /** Odoo's modules; none where the database is not Odoo's. */
    public synchronized List<Module> modules() {
        var modules = new ArrayList<Module>();
        query(() -> {
            if (!hasTable("ir_module_module")) {
                return;
            }
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery(
                            "SELECT name, state, latest_version FROM ir_module_module ORDER BY name COLLATE \"C\"")) {
                while (rows.next()) {
                    modules.add(
                            new Module(rows.getString(1), rows.getString(2), Optional.ofNullable(rows.getString(3))));
                }
            }
        });
        return modules;
    }

    /** Odoo's {@code database.uuid}. */
    public synchronized Optional<String> databaseUuid() {
        var uuid = new ArrayList<String>();
        query(() -> {
            if (hasTable("ir_config_parameter")) {
                text("SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'")
                        .ifPresent(uuid::add);
            }
        });
        return uuid.stream().findFirst();
    }

    /** How many rows the tables have that people ask for after a restore; only those that there are. */
    public synchronized Map<String, Long> recordCounts() {
        var counts = new TreeMap<String, Long>();
        query(() -> {
            for (String table : COUNTED) {
                if (hasTable(table)) {
                    counts.put(
                            table,
                            Long.parseLong(text("SELECT count(*) FROM " + DatabaseServer.quoteIdentifier(table))
                                    .orElseThrow()));
                }
            }
        });
        return counts;
    }

    /** How the database is set up. */
    public synchronized DatabaseFacts facts() {
        var facts = new ArrayList<DatabaseFacts>();
        query(() -> facts.add(readFacts()));
        return facts.getFirst();
    }

    private DatabaseFacts readFacts() throws SQLException {
        int major = connection.getMetaData().getDatabaseMajorVersion();
        String provider = major >= 15 ? "datlocprovider::text" : "'c'";
        String locale = major >= 17 ? "datlocale" : major >= 15 ? "daticulocale" : "NULL::text";
        Map<String, String> extensions = new LinkedHashMap<>();
        try (var statement = connection.createStatement()) {
            try (var rows = statement.executeQuery(
                    "SELECT extname, extversion FROM pg_extension ORDER BY extname COLLATE \"C\"")) {
                while (rows.next()) {
                    extensions.put(rows.getString(1), rows.getString(2));
                }
            }
            var settings = new ArrayList<String>();
            try (var rows =
                    statement.executeQuery("SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d ON"
                            + " d.oid = s.setdatabase WHERE d.datname = current_database() AND s.setrole = 0")) {
                while (rows.next()) {
                    settings.add(rows.getString(1));
                }
            }
            try (var row = statement.executeQuery("SELECT current_setting('server_version'),"
                    + " pg_database_size(current_database()), pg_encoding_to_char(encoding), " + provider
                    + ", datcollate, datctype, " + locale
                    + ", pg_get_userbyid(datdba), datconnlimit FROM pg_database WHERE"
                    + " datname = current_database()")) {
                row.next();
                return new DatabaseFacts(
                        row.getString(1).split(" ", 2)[0],
                        major,
                        row.getLong(2),
                        row.getString(3),
                        row.getString(4),
                        row.getString(5),
                        row.getString(6),
                        Optional.ofNullable(row.getString(7)),
                        row.getString(8),
                        extensions,
                        settings,
                        row.getInt(9));
            }
        }
    }

    @Override
    public synchronized void close() {
        closeQuietly(connection);
    }

    private Optional<String> whyUnfenced() throws SQLException {
        if (!hasTable("ir_attachment")) {
            return Optional.of("the database has no table ir_attachment: it is not Odoo's");
        }
        if (text("SELECT 'standby' WHERE pg_is_in_recovery()").isPresent()) {
            return Optional.of("the server is a standby: a lock there does not keep the garbage collector out");
        }
        if (text("SELECT 'may' WHERE has_table_privilege('ir_attachment', 'INSERT, UPDATE, DELETE')")
                .isEmpty()) {
            return Optional.of("the role may not lock ir_attachment");
        }
        return Optional.empty();
    }

    private boolean hasTable(String table) throws SQLException {
        return text("SELECT 'there' WHERE to_regclass('" + table + "') IS NOT NULL")
                .isPresent();
    }

    private void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private Optional<String> text(String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
        }
    }

    private interface Query {
        void run() throws SQLException;
    }

    private void query(Query query) {
        try {
            query.run();
        } catch (SQLException e) {
            throw lost(e.getMessage(), e);
        }
    }

    private FaultException lost(String why, SQLException cause) {
        return Fault.of(
                        FaultCode.CAPTURE_LOST,
                        "the snapshot of database '" + server.binding().name() + "' was lost",
                        "Look why the server ended the session (its log, a time-out, a restart); the backup is tried again.")
                .with("tool_output", why)
                .toException(cause);
    }

    private static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            // The session ends with the connection either way.
        }
    }
}
