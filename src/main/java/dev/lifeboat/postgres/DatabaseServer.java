package dev.lifeboat.postgres;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.newsclub.net.unix.AFUNIXSocketFactory;

/**
 * The PostgreSQL server of a {@link DatabaseBinding}: connections, what it says of itself and of its databases, sessions.
 * Statements that concern the server as a whole run in the maintenance database ({@code postgres}, else
 * {@code template1}), so that they work when the binding's own database is missing. Holds no connection. Thread-safe.
 */
public final class DatabaseServer {
    /** What sessions of Lifeboat call themselves in {@code pg_stat_activity}. */
    public static final String APPLICATION = "lifeboat";

    /** The longest name that PostgreSQL keeps, in bytes; longer ones are cut silently. */
    public static final int NAME_BYTES = 63;

    private static final int CONNECT_SECONDS = 10;
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);
    private static final String MISSING_DATABASE = "3D000";

    static {
        try {
            // DriverManager looks once, with whatever class loader the first caller's thread has
            Class.forName("org.postgresql.Driver");
        } catch (ClassNotFoundException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final DatabaseBinding binding;

    public DatabaseServer(DatabaseBinding binding) {
        this.binding = binding;
    }

    /** How it is reached. */
    public DatabaseBinding binding() {
        return binding;
    }

    /**
     * What a server says of itself.
     *
     * @param version as PostgreSQL says it, such as {@code 15.18}
     * @param major such as 15
     * @param standby whether it is in recovery (a read replica)
     * @param superuser whether the role is a superuser
     * @param createdb whether the role may create databases
     */
    public record ServerInfo(String version, int major, boolean standby, boolean superuser, boolean createdb) {}

    /**
     * A session on a database.
     *
     * @param pid of its backend
     * @param role that it logged in as
     * @param application what it calls itself
     * @param client address, or {@code local}
     * @param state such as {@code idle in transaction}
     */
    public record Session(int pid, String role, String application, String client, String state) {}

    /**
     * A connection to the binding's database, in auto-commit, whose statements may take a minute.
     *
     * @throws FaultException DATABASE_UNREACHABLE, DATABASE_LOGIN_REFUSED, DATABASE_MISSING
     */
    public Connection connect() {
        return connect(binding.name(), ANSWER_LIMIT);
    }

    /**
     * A connection to a database of this server, in auto-commit.
     *
     * @param database its name
     * @param answerLimit how long a statement may go without an answer; zero: no limit
     * @throws FaultException DATABASE_UNREACHABLE, DATABASE_LOGIN_REFUSED, DATABASE_MISSING
     */
    public Connection connect(String database, Duration answerLimit) {
        try {
            return open(database, answerLimit);
        } catch (SQLException e) {
            throw connectFault(database, e);
        }
    }

    /** A connection to the maintenance database. */
    public Connection connectMaintenance() {
        return connectMaintenance(ANSWER_LIMIT);
    }

    Connection connectMaintenance(Duration answerLimit) {
        try {
            return open("postgres", answerLimit);
        } catch (SQLException e) {
            if (MISSING_DATABASE.equals(e.getSQLState()) || isNoConnectRight(e)) {
                return connect("template1", answerLimit);
            }
            throw connectFault("postgres", e);
        }
    }

    private static boolean isNoConnectRight(SQLException e) {
        return "42501".equals(e.getSQLState());
    }

    private Connection open(String database, Duration answerLimit) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", binding.user());
        if (binding.password().isPresent()) {
            properties.setProperty("password", binding.password().value());
        }
        properties.setProperty("sslmode", binding.sslMode());
        properties.setProperty("ApplicationName", APPLICATION);
        properties.setProperty("connectTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("loginTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("socketTimeout", Long.toString(answerLimit.toSeconds()));
        properties.setProperty("tcpKeepAlive", "true");
        if (binding.isSocket()) {
            properties.setProperty("socketFactory", AFUNIXSocketFactory.FactoryArg.class.getName());
            properties.setProperty("socketFactoryArg", binding.socket());
            // As libpq has it: a socket of this machine needs no TLS, whatever sslmode says.
            properties.setProperty("sslmode", "disable");
        }
        String host = binding.isSocket()
                ? "localhost"
                : binding.host().contains(":") ? "[" + binding.host() + "]" : binding.host();
        return DriverManager.getConnection(
                "jdbc:postgresql://" + host + ":" + binding.port() + "/"
                        + URLEncoder.encode(database, StandardCharsets.UTF_8),
                properties);
    }

    private FaultException connectFault(String database, SQLException e) {
        String state = Optional.ofNullable(e.getSQLState()).orElse("");
        String where = "the PostgreSQL server " + binding.server();
        Fault fault =
                switch (state) {
                    case MISSING_DATABASE ->
                        Fault.of(
                                FaultCode.DATABASE_MISSING,
                                "There is no database '" + database + "' on " + where,
                                "Check the database's name; `lifeboat env show` tells what is configured.");
                    case "28P01", "28000" ->
                        Fault.of(
                                FaultCode.DATABASE_LOGIN_REFUSED,
                                "Role '" + binding.user() + "' was not let into database '" + database + "' on "
                                        + where,
                                binding.isSocket()
                                        ? "At a socket PostgreSQL asks which user of the system is calling, and this is '"
                                                + System.getProperty("user.name")
                                                + "'. Run Lifeboat as the user that Odoo"
                                                + " runs as, or map this one to the role (pg_hba.conf, pg_ident.conf), or"
                                                + " set database.host: localhost and the role's password."
                                        : "Check user and password of the environment, and pg_hba.conf of the server.");
                    default ->
                        Fault.of(
                                FaultCode.DATABASE_UNREACHABLE,
                                "No connection to database '" + database + "' on " + where,
                                binding.isSocket()
                                        ? "Check that the server runs and has its socket there (unix_socket_directories);"
                                                + " database.host names another folder, or a host."
                                        : "Check that the server runs and accepts connections on that address, and the network between.");
                };
        return fault.with("sqlstate", state).with("tool_output", e.getMessage()).toException(e);
    }

    /**
     * Asks the server what it is and what the role may do; does not need the binding's database.
     *
     * @throws FaultException DATABASE_UNREACHABLE, DATABASE_LOGIN_REFUSED
     */
    public ServerInfo probe() {
        try (Connection connection = connectMaintenance();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT current_setting('server_version'),"
                        + " current_setting('server_version_num')::int / 10000, pg_is_in_recovery(), rolsuper,"
                        + " rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")) {
            row.next();
            return new ServerInfo(
                    row.getString(1).split(" ", 2)[0],
                    row.getInt(2),
                    row.getBoolean(3),
                    row.getBoolean(4),
                    row.getBoolean(5));
        } catch (SQLException e) {
            throw queryFailed("the server could not be asked for its version", e);
        }
    }

    /** Whether there is a database of that name. */
    public boolean exists(String database) {
        return oidOf(database).isPresent();
    }

    /** The OID of the database of that name; it stays the same when the database is renamed. */
    public Optional<Long> oidOf(String database) {
        try (Connection connection = connectMaintenance()) {
            return oidOf(connection, database);
        } catch (SQLException e) {
            throw queryFailed("the server could not be asked for database '" + database + "'", e);
        }
    }

    static Optional<Long> oidOf(Connection connection, String database) throws SQLException {
        try (var query = connection.prepareStatement("SELECT oid::bigint FROM pg_database WHERE datname = ?")) {
            query.setString(1, database);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
            }
        }
    }

    /** The size of a database, in bytes. */
    public long size(String database) {
        try (Connection connection = connectMaintenance();
                var query = connection.prepareStatement("SELECT pg_database_size(?)")) {
            query.setString(1, database);
            try (var row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        } catch (SQLException e) {
            if (MISSING_DATABASE.equals(e.getSQLState())) {
                throw connectFault(database, e);
            }
            throw queryFailed("the size of database '" + database + "' could not be read", e);
        }
    }

    /** Whether the role may rename and drop the database: it is its owner, a member of the owner, or a superuser. */
    public boolean owns(String database) {
        try (Connection connection = connectMaintenance();
                var query = connection.prepareStatement(
                        "SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = ?")) {
            query.setString(1, database);
            try (var row = query.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        } catch (SQLException e) {
            throw queryFailed("the owner of database '" + database + "' could not be read", e);
        }
    }

    /** The sessions on a database, this call's own not among them. */
    public List<Session> sessions(String database) {
        try (Connection connection = connectMaintenance()) {
            return sessions(connection, database);
        } catch (SQLException e) {
            throw queryFailed("the sessions on database '" + database + "' could not be listed", e);
        }
    }

    private static List<Session> sessions(Connection connection, String database) throws SQLException {
        return sessions(connection, database, "");
    }

    /** The sessions on a database that the role may not end: superusers', or roles' that it is no member of. */
    public List<Session> sessionsOutOfReach(String database) {
        try (Connection connection = connectMaintenance()) {
            return sessions(
                    connection,
                    database,
                    " AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND (usesysid IS NULL OR"
                            + " (SELECT rolsuper FROM pg_roles r WHERE r.oid = usesysid) OR NOT (pg_has_role(usesysid,"
                            + " 'MEMBER') OR pg_has_role('pg_signal_backend', 'MEMBER')))");
        } catch (SQLException e) {
            throw queryFailed("the sessions on database '" + database + "' could not be listed", e);
        }
    }

    private static List<Session> sessions(Connection connection, String database, String condition)
            throws SQLException {
        try (var query = connection.prepareStatement(
                "SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), coalesce(host(client_addr), 'local'),"
                        + " coalesce(state, '') FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()"
                        + condition + " ORDER BY pid")) {
            query.setString(1, database);
            var found = new ArrayList<Session>();
            try (var row = query.executeQuery()) {
                while (row.next()) {
                    found.add(new Session(
                            row.getInt(1), row.getString(2), row.getString(3), row.getString(4), row.getString(5)));
                }
            }
            return List.copyOf(found);
        }
    }

    /**
     * Ends the sessions that are on a database, each once, and waits until they are gone. Who connects again meanwhile is let be:
     * a client that repeats what was cut off is not cut off for ever.
     *
     * @param limit how long to wait
     * @return those of them that are still there, because the role may not end them
     */
    public List<Session> terminateSessions(String database, Duration limit) {
        try (Connection connection = connectMaintenance()) {
            return terminateSessions(connection, database, limit);
        } catch (SQLException e) {
            throw queryFailed("the sessions on database '" + database + "' could not be ended", e);
        }
    }

    static List<Session> terminateSessions(Connection connection, String database, Duration limit) throws SQLException {
        long end = System.nanoTime() + limit.toNanos();
        List<Session> left = sessions(connection, database);
        terminate(connection, left);
        while (!left.isEmpty() && System.nanoTime() < end) {
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return left;
            }
            Set<Integer> there =
                    sessions(connection, database).stream().map(Session::pid).collect(Collectors.toSet());
            left = left.stream()
                    .filter(session -> there.contains(session.pid()))
                    .toList();
        }
        return left;
    }

    private static void terminate(Connection connection, List<Session> sessions) throws SQLException {
        try (var ending = connection.prepareStatement("SELECT pg_terminate_backend(?)")) {
            for (Session session : sessions) {
                ending.setInt(1, session.pid());
                try (var ignored = ending.executeQuery()) {
                    ignored.next();
                } catch (SQLException e) {
                    if (!"42501".equals(e.getSQLState())) {
                        throw e;
                    }
                    // no right to end it: it stays in the list that the caller gets
                }
            }
        }
    }

    /**
     * Ends the sessions that are in the way of a renaming that already keeps new ones out; without such a renaming, nobody's. Whoever
     * is cut off here can't come back before it is over, and is cut off once.
     */
    static void terminateSessionsInTheWay(Connection connection, String database) throws SQLException {
        terminate(connection, sessions(connection, database, """
                 AND EXISTS (SELECT FROM pg_locks l
                             WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND l.objid = datid
                               AND l.mode = 'AccessExclusiveLock' AND l.granted)"""));
    }

    /**
     * Runs one statement in the maintenance database.
     *
     * @throws FaultException DATABASE_QUERY_FAILED, DATABASE_RIGHT_MISSING with the server's words
     */
    void execute(String sql) {
        try (Connection connection = connectMaintenance(Duration.ofMinutes(10));
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw queryFailed("a statement on the server failed", e);
        }
    }

    /**
     * The environment for a PostgreSQL program that works on a database: by PG* variables only, so that nothing of it is
     * seen in a process list and no name is taken for a connection string. Dumps under it are the same on every machine:
     * UTC, hex bytea, ISO dates, full float digits (PostgreSQL documentation, libpq "Environment Variables").
     */
    public Map<String, String> toolEnvironment(String database) {
        var environment = new HashMap<String, String>();
        environment.put("PGHOST", binding.host());
        environment.put("PGPORT", Integer.toString(binding.port()));
        environment.put("PGUSER", binding.user());
        environment.put("PGDATABASE", database);
        environment.put("PGSSLMODE", binding.sslMode());
        environment.put("PGAPPNAME", APPLICATION);
        environment.put("PGCONNECT_TIMEOUT", Integer.toString(CONNECT_SECONDS));
        environment.put("PGTZ", "UTC");
        environment.put("PGOPTIONS", "-c bytea_output=hex -c idle_in_transaction_session_timeout=0");
        environment.put("LC_ALL", "C");
        // what this program's own environment says must not change where we connect nor the dump's encoding
        environment.put("PGHOSTADDR", "");
        environment.put("PGCLIENTENCODING", "");
        if (binding.password().isPresent()) {
            environment.put("PGPASSWORD", binding.password().value());
        }
        return Map.copyOf(environment);
    }

    /**
     * A database's name as a connection string that means nothing but this name, for programs that take their database
     * as an argument (PostgreSQL documentation, "Connection Strings").
     */
    static String connectionString(String database) {
        return "dbname='" + database.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    /** The name as an SQL identifier (PostgreSQL documentation, "Identifiers and Key Words"). */
    public static String quoteIdentifier(String name) {
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + name + "' can't be a name in PostgreSQL",
                            "Give a name that is not empty.")
                    .toException();
        }
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** The text as an SQL string constant, whatever {@code standard_conforming_strings} says. */
    static String quoteLiteral(String text) {
        if (text.indexOf('\0') >= 0) {
            throw Fault.of(FaultCode.BAD_INPUT, "A text for PostgreSQL holds a zero byte", "Give a text without it.")
                    .toException();
        }
        String doubled = text.replace("'", "''");
        return text.indexOf('\\') < 0 ? "'" + doubled + "'" : " E'" + doubled.replace("\\", "\\\\") + "'";
    }

    /** The fault for a statement that the server refused or did not answer; {@code what} says what did not come about. */
    static FaultException queryFailed(String what, SQLException e) {
        String state = Optional.ofNullable(e.getSQLState()).orElse("");
        boolean right = state.equals("42501");
        return Fault.of(
                        right ? FaultCode.DATABASE_RIGHT_MISSING : FaultCode.DATABASE_QUERY_FAILED,
                        Character.toUpperCase(what.charAt(0)) + what.substring(1),
                        right
                                ? "Give the role the right that tool_output names, or configure a role that has it."
                                : "Read tool_output, PostgreSQL's own words, and the server's log; then try again.")
                .with("sqlstate", state)
                .with("tool_output", e.getMessage())
                .toException(e);
    }
}
