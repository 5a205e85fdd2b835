package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * One open transaction that a backup reads from: a lock that keeps Odoo's garbage collection of the filestore out (the
 * fence), then a snapshot that pg_dump shares. Everything read through it is of the same instant. While it is open, writers
 * work as ever; {@code LOCK ir_attachment IN SHARE MODE} (Odoo's collection) waits. The lock is taken before the snapshot,
 * so that no file whose row the snapshot sees can have been collected since. On a standby, without the right to lock, or
 * without {@code ir_attachment} (not Odoo's database) there is no fence, and {@link #unfencedReason} says why. Thread-safe.
 */
public final class Capture implements AutoCloseable {
    private static final Duration ANSWER_LIMIT = Duration.ofMinutes(5);
    private static final int FETCH_ROWS = 5_000;
    private static final int LOCK_ATTEMPTS = 3;
    private static final int LOCK_SECONDS = 15;
    private static final List<String> COUNTED = List.of(
            "account_move",
            "res_partner",
            "einvoice_document",
            "res_users",
            "sale_order",
            "account_move_line",
            "stock_move",
            "ir_attachment");

    private final ReentrantLock lock = new ReentrantLock();
    private final UUID id = UUID.randomUUID();
    private final DatabaseServer server;
    private final Connection connection;
    private final String snapshotId;
    private final Instant takenAt;
    private final Optional<Long> attachmentTable;
    private final Optional<String> unfencedReason;

    private Capture(
            DatabaseServer server,
            Connection connection,
            String snapshotId,
            Instant takenAt,
            Optional<Long> attachmentTable,
            Optional<String> unfencedReason) {
        this.server = server;
        this.connection = connection;
        this.snapshotId = snapshotId;
        this.takenAt = takenAt;
        this.attachmentTable = attachmentTable;
        this.unfencedReason = unfencedReason;
    }

    /** An installed module of Odoo, with the version that the database was last updated to. */
    public record OdooModule(String name, String version) {}

    /** A session that waits for a lock on {@code ir_attachment} that the capture stands in the way of. */
    public record Waiter(int pid, String mode, String application) {}

    /**
     * Opens a capture of the server's database.
     *
     * @throws FaultException DATABASE_UNREACHABLE, DATABASE_LOGIN_REFUSED, DATABASE_MISSING; CAPTURE_LOST where another
     *     session (a module update) kept {@code ir_attachment} locked; DATABASE_QUERY_FAILED
     */
    public static Capture open(DatabaseServer server) {
        Connection connection = server.connect(server.binding().name(), ANSWER_LIMIT);
        try {
            return open(server, connection);
        } catch (SQLException e) {
            closeQuietly(connection, e);
            throw DatabaseServer.queryFailed(
                    "a consistent snapshot of database '" + server.binding().name() + "' could not be taken", e);
        } catch (FaultException e) {
            closeQuietly(connection, e);
            throw e;
        }
    }

    private static Capture open(DatabaseServer server, Connection connection) throws SQLException {
        Optional<Long> table;
        boolean standby;
        try (var statement = connection.createStatement()) {
            statement.execute(
                    "SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET lock_timeout = '"
                            + LOCK_SECONDS + "s'; SET search_path = public");
            try (var row = statement.executeQuery(
                    "SELECT to_regclass('public.ir_attachment')::oid::bigint, pg_is_in_recovery()")) {
                row.next();
                long oid = row.getLong(1);
                table = row.wasNull() ? Optional.empty() : Optional.of(oid);
                standby = row.getBoolean(2);
            }
        }
        Optional<String> unfenced = Optional.empty();
        if (table.isEmpty()) {
            unfenced = Optional.of("there is no table ir_attachment: not a database of Odoo");
        } else if (standby) {
            unfenced = Optional.of("the server is a standby: a lock on it does not reach the primary");
        }
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setReadOnly(true);
        connection.setAutoCommit(false);
        if (unfenced.isEmpty()) {
            unfenced = fence(connection, server.binding().name());
        }
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT pg_export_snapshot(), clock_timestamp()")) {
            row.next();
            return new Capture(
                    server, connection, row.getString(1), row.getTimestamp(2).toInstant(), table, unfenced);
        }
    }

    /** Takes the lock as the transaction's first statement; gives the reason where the role may not. */
    private static Optional<String> fence(Connection connection, String database) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try (var statement = connection.createStatement()) {
                statement.execute("LOCK TABLE public.ir_attachment IN ROW EXCLUSIVE MODE");
                return Optional.empty();
            } catch (SQLException e) {
                connection.rollback();
                if ("42501".equals(e.getSQLState())) {
                    return Optional.of("the role may not lock ir_attachment: " + e.getMessage());
                }
                if (!"55P03".equals(e.getSQLState())) {
                    throw e;
                }
                if (attempt == LOCK_ATTEMPTS) {
                    throw Fault.of(
                                    FaultCode.CAPTURE_LOST,
                                    "Table ir_attachment of database '" + database
                                            + "' stayed locked by another session; nothing was backed up or changed",
                                    "Wait until the module update or maintenance that holds the lock has ended, then back up again.")
                            .with("tool_output", e.getMessage())
                            .toException(e);
                }
            }
        }
    }

    /** The capture's own name; results of two captures must not be mixed. */
    public UUID id() {
        return id;
    }

    /** The server it reads from. */
    public DatabaseServer server() {
        return server;
    }

    /** For {@code pg_dump --snapshot}; good as long as the capture is open. */
    public String snapshotId() {
        return snapshotId;
    }

    /** When the snapshot was taken: the server's clock, UTC. */
    public Instant takenAt() {
        return takenAt;
    }

    /** Whether Odoo's garbage collection is kept out. */
    public boolean fenced() {
        return unfencedReason.isEmpty();
    }

    /** Why there is no fence; empty: there is one. */
    public Optional<String> unfencedReason() {
        return unfencedReason;
    }

    /** Whether the transaction still stands, and with it the snapshot and the fence; ask at the end of a backup. */
    public boolean isIntact() {
        lock.lock();
        try (var query =
                connection.prepareStatement("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND granted"
                        + " AND locktype = 'relation' AND relation = ? AND mode = 'RowExclusiveLock'")) {
            query.setLong(1, attachmentTable.orElse(0L));
            try (var row = query.executeQuery()) {
                row.next();
                return !fenced() || row.getLong(1) == 1;
            }
        } catch (SQLException e) {
            // a dead connection or an ended transaction: that is the answer
            return false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * A session that waits for a lock on {@code ir_attachment} stronger than SHARE, such as a module update's ALTER TABLE.
     * It waits for the capture and pg_dump would wait for it, without PostgreSQL seeing a deadlock: the capture has to be
     * given up and taken anew.
     */
    public Optional<Waiter> conflictingWaiter() {
        if (attachmentTable.isEmpty()) {
            return Optional.empty();
        }
        return ask(
                        "SELECT l.pid, l.mode, coalesce(a.application_name, '') FROM pg_locks l LEFT JOIN pg_stat_activity a"
                                + " ON a.pid = l.pid WHERE NOT l.granted AND l.locktype = 'relation' AND l.relation = "
                                + attachmentTable.get()
                                + " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                                + " AND l.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')",
                        row -> new Waiter(row.getInt(1), row.getString(2), row.getString(3)))
                .stream()
                .findFirst();
    }

    /**
     * Hands every name of the filestore that the snapshot refers to ({@code ir_attachment.store_fname}) to {@code names},
     * each once, in ascending byte order. The rows are streamed.
     *
     * @return how many
     */
    public long attachments(Consumer<String> names) {
        if (attachmentTable.isEmpty()) {
            return 0;
        }
        lock.lock();
        try (var statement = connection.createStatement()) {
            statement.setFetchSize(FETCH_ROWS);
            long count = 0;
            try (var row = statement.executeQuery(
                    "SELECT DISTINCT store_fname COLLATE \"C\" FROM ir_attachment WHERE store_fname <> '' ORDER BY 1")) {
                while (row.next()) {
                    names.accept(row.getString(1));
                    count++;
                }
            }
            return count;
        } catch (SQLException e) {
            throw lost(e);
        } finally {
            lock.unlock();
        }
    }

    /** The installed modules in the order of their names; none where the database is not Odoo's. */
    public List<OdooModule> modules() {
        if (!tableExists("ir_module_module")) {
            return List.of();
        }
        return ask(
                "SELECT name, coalesce(latest_version, '') FROM ir_module_module WHERE state IN ('installed', 'to upgrade',"
                        + " 'to remove') ORDER BY name",
                row -> new OdooModule(row.getString(1), row.getString(2)));
    }

    /** The version of module {@code base}, which starts with Odoo's own, such as {@code 19.0.1.3}. */
    public Optional<String> odooVersion() {
        return modules().stream()
                .filter(module ->
                        module.name().equals("base") && !module.version().isEmpty())
                .map(OdooModule::version)
                .findFirst();
    }

    /** A system parameter of Odoo, such as {@code database.uuid}. */
    public Optional<String> parameter(String key) {
        if (!tableExists("ir_config_parameter")) {
            return Optional.empty();
        }
        lock.lock();
        try (var query = connection.prepareStatement("SELECT value FROM ir_config_parameter WHERE key = ?")) {
            query.setString(1, key);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
            }
        } catch (SQLException e) {
            throw lost(e);
        } finally {
            lock.unlock();
        }
    }

    /** Rows of the tables that tell a person whether a database is the right one, those that there are. */
    public Map<String, Long> recordCounts() {
        var counts = new LinkedHashMap<String, Long>();
        for (String table : COUNTED) {
            if (tableExists(table)) {
                counts.put(
                        table,
                        ask("SELECT count(*) FROM " + DatabaseServer.quoteIdentifier(table), row -> row.getLong(1))
                                .getFirst());
            }
        }
        return counts;
    }

    /** How the database is set up on its server. */
    public DatabaseFacts facts() {
        int major = ask("SELECT current_setting('server_version_num')::int / 10000", row -> row.getInt(1))
                .getFirst();
        String provider = major >= 15 ? "datlocprovider::text" : "'c'";
        String locale = major >= 17 ? "datlocale" : major >= 15 ? "daticulocale" : "NULL";
        List<DatabaseFacts.Setting> settings = settings();
        List<DatabaseFacts.Grant> grants = grants();
        Optional<ImmutableUnaccent> unaccent =
                ask(ImmutableUnaccent.LOOK, row -> new ImmutableUnaccent(row.getString(1), row.getBoolean(2))).stream()
                        .findFirst();
        var extensions = new LinkedHashMap<String, String>();
        ask(
                        "SELECT extname, extversion FROM pg_extension ORDER BY extname",
                        row -> Map.entry(row.getString(1), row.getString(2)))
                .forEach(entry -> extensions.put(entry.getKey(), entry.getValue()));
        return ask(
                        "SELECT datname, current_setting('server_version'), now(), pg_database_size(d.oid),"
                                + " pg_encoding_to_char(encoding), " + provider + ", datcollate, datctype, " + locale
                                + ", pg_get_userbyid(datdba), spcname, datconnlimit, (SELECT coalesce(sum(pg_table_size(c.oid)),"
                                + " 0) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND"
                                + " nspname NOT IN ('pg_catalog', 'information_schema')), (SELECT count(*) FROM pg_class c JOIN"
                                + " pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname NOT IN"
                                + " ('pg_catalog', 'information_schema')), datacl IS NULL, shobj_description(d.oid, 'pg_database') FROM pg_database d JOIN pg_tablespace"
                                + " t ON t.oid = dattablespace WHERE datname = current_database()",
                        row -> new DatabaseFacts(
                                row.getString(1),
                                row.getString(2).split(" ", 2)[0],
                                major,
                                row.getObject(3, OffsetDateTime.class).toInstant(),
                                row.getLong(4),
                                row.getLong(13),
                                row.getLong(14),
                                row.getString(5),
                                row.getString(6),
                                row.getString(7),
                                row.getString(8),
                                Optional.ofNullable(row.getString(9)),
                                row.getString(10),
                                row.getString(11),
                                row.getInt(12),
                                extensions,
                                settings,
                                row.getBoolean(15) ? Optional.empty() : Optional.of(grants),
                                unaccent,
                                Optional.ofNullable(row.getString(16))))
                .getFirst();
    }

    private List<DatabaseFacts.Setting> settings() {
        return ask(
                "SELECT rolname, split_part(s, '=', 1), substr(s, strpos(s, '=') + 1) FROM pg_db_role_setting LEFT JOIN"
                        + " pg_roles r ON r.oid = setrole CROSS JOIN unnest(setconfig) s WHERE setdatabase = (SELECT oid FROM"
                        + " pg_database WHERE datname = current_database()) ORDER BY 1 NULLS FIRST, 2",
                row -> new DatabaseFacts.Setting(
                        Optional.ofNullable(row.getString(1)), row.getString(2), row.getString(3)));
    }

    private List<DatabaseFacts.Grant> grants() {
        return ask(
                "SELECT rolname, privilege_type, is_grantable FROM pg_database CROSS JOIN aclexplode(datacl) LEFT JOIN pg_roles"
                        + " r ON r.oid = grantee WHERE datname = current_database() AND grantee <> datdba ORDER BY 1 NULLS FIRST, 2",
                row -> new DatabaseFacts.Grant(
                        Optional.ofNullable(row.getString(1)), row.getString(2), row.getBoolean(3)));
    }

    /** Ends the transaction, and with it fence and snapshot. */
    @Override
    public void close() {
        lock.lock();
        try {
            connection.close();
        } catch (SQLException e) {
            throw lost(e);
        } finally {
            lock.unlock();
        }
    }

    private boolean tableExists(String table) {
        return ask("SELECT to_regclass('public." + table + "') IS NOT NULL", row -> row.getBoolean(1))
                .getFirst();
    }

    private <T> List<T> ask(String sql, RowReader<T> reader) {
        lock.lock();
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            var found = new ArrayList<T>();
            while (row.next()) {
                found.add(reader.read(row));
            }
            return List.copyOf(found);
        } catch (SQLException e) {
            throw lost(e);
        } finally {
            lock.unlock();
        }
    }

    private FaultException lost(SQLException e) {
        return Fault.of(
                        FaultCode.CAPTURE_LOST,
                        "The snapshot of database '" + server.binding().name()
                                + "' was lost; what was read from it is void, the database is untouched",
                        "Back up again; if it happens again, look in the server's log why the session was ended.")
                .with("tool_output", String.valueOf(e.getMessage()))
                .toException(e);
    }

    private static void closeQuietly(Connection connection, Exception reason) {
        try {
            connection.close();
        } catch (SQLException e) {
            reason.addSuppressed(e);
        }
    }

    @FunctionalInterface
    private interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }
}
