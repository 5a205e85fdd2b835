package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import java.io.InputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Loads an archive into a new, hidden database. Hidden means {@code IS_TEMPLATE}: Odoo neither lists such a database nor
 * runs its scheduled jobs, while it can be connected to. Its name starts with {@code lb_}, and only such names are ever
 * dropped here.
 */
public final class DatabaseLoader {
    private static final Pattern HIDDEN = Pattern.compile("lb_(new|old)_[a-z0-9_]+");
    private static final Pattern TAG = Pattern.compile("[a-z0-9_]{1,40}");
    private static final Duration STATEMENT_LIMIT = Duration.ofMinutes(30);
    private static final Duration END_SESSIONS = Duration.ofSeconds(20);
    private static final int CREATE_ATTEMPTS = 20;
    private static final String IN_USE = "55006";

    private final DatabaseServer server;
    private final PgTools tools;

    /**
     * @param server where the database is made; its role becomes the owner of everything, unless the role is a superuser
     * @param tools as {@link PgTools#forRestore} gives them
     */
    public DatabaseLoader(DatabaseServer server, PgTools tools) {
        this.server = server;
        this.tools = tools;
    }

    /**
     * A loaded database.
     *
     * @param name the hidden database
     * @param seconds wall-clock of the whole load
     * @param notApplied settings and privileges of the original that could not be put on, in words; no reason to stop
     */
    public record Loaded(String name, double seconds, List<String> notApplied) {
        public Loaded {
            notApplied = List.copyOf(notApplied);
        }
    }

    /** The name of a new database while it is prepared: {@code lb_new_<tag>_<attempt>}. */
    public static String newName(String tag, int attempt) {
        return checkedName("lb_new_" + checkedTag(tag) + "_" + attempt);
    }

    /** The name of a displaced database: {@code lb_old_<tag>}. */
    public static String oldName(String tag) {
        return checkedName("lb_old_" + checkedTag(tag));
    }

    /** Whether a database's name is one that Lifeboat gives: what is called so is Lifeboat's to drop. */
    public static boolean isHiddenName(String name) {
        return HIDDEN.matcher(name).matches() && name.length() <= DatabaseServer.NAME_BYTES;
    }

    private static String checkedTag(String tag) {
        if (!TAG.matcher(tag).matches()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + tag + "' can't be part of a database's name",
                            "Use 1 to 40 lower-case letters, digits and underscores.")
                    .toException();
        }
        return tag;
    }

    private static String checkedName(String name) {
        if (!isHiddenName(name)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + name + "' is no name of a database that Lifeboat made",
                            "Only databases called lb_new_… and lb_old_… are made and dropped here.")
                    .toException();
        }
        return name;
    }

    /**
     * Makes the hidden database and fills it: restore, ANALYZE, then the original's privileges, settings, comment and
     * connection limit. Everything in it belongs to the database's owner. When it fails, the hidden database is gone again.
     *
     * @param name the hidden database, as {@link #newName} gives it
     * @param archive the dump, a regular file (parallel jobs each open it)
     * @param facts how the original was set up
     * @param jobs of pg_restore, at least one
     * @throws FaultException LOAD_FAILED with the tool's words; BAD_INPUT where a database of that name is there;
     *     DATABASE_RIGHT_MISSING where the role lacks one that it takes; STEP_TIMED_OUT
     */
    public Loaded load(String name, Path archive, DatabaseFacts facts, int jobs, Progress progress, Duration limit) {
        checkedName(name);
        long begun = System.nanoTime();
        progress.phase("create");
        String owner = create(name, facts);
        boolean whole = false;
        try {
            progress.phase("restore");
            progress.expect(facts.sizeBytes(), facts.tableCount());
            List<String> notApplied = new ArrayList<>(restoreAll(name, owner, archive, facts, jobs, progress, limit));
            progress.phase("analyze");
            analyze(name, limit);
            progress.phase("privileges");
            notApplied.addAll(ObjectPrivileges.apply(server, name, tools, archive, limit));
            notApplied.addAll(applySettings(name, facts));
            whole = true;
            return new Loaded(name, (System.nanoTime() - begun) / 1e9, notApplied);
        } finally {
            if (!whole) {
                dropHidden(name);
            }
        }
    }

    /**
     * Makes the hidden database with the original's definitions, and the rows of some tables, without indexes, constraints
     * between tables and triggers. When it fails, the hidden database is gone again.
     *
     * @param name the hidden database, as {@link #newName} gives it
     * @param archive the dump, a regular file
     * @param facts how the original was set up
     * @param tables whose rows are loaded
     * @throws FaultException as {@link #load}
     */
    public void loadTables(
            String name,
            Path archive,
            DatabaseFacts facts,
            List<TableName> tables,
            int jobs,
            Progress progress,
            Duration limit) {
        checkedName(name);
        progress.phase("create");
        String owner = create(name, facts);
        boolean whole = false;
        try {
            progress.phase("restore");
            restore(name, owner, archive, 1, List.of("--section=pre-data"), Optional.empty(), progress, limit);
            Map<String, List<TableName>> bySchema = tables.stream().collect(Collectors.groupingBy(TableName::schema));
            for (var schema : bySchema.entrySet()) {
                var selection = new ArrayList<>(List.of("--section=data", "--schema=" + schema.getKey()));
                schema.getValue().forEach(table -> selection.add("--table=" + table.name()));
                restore(name, owner, archive, jobs, selection, Optional.empty(), progress, limit);
            }
            progress.phase("analyze");
            analyze(name, limit);
            whole = true;
        } finally {
            if (!whole) {
                dropHidden(name);
            }
        }
    }

    /**
     * Makes a hidden copy of a hidden database that nobody is connected to (PostgreSQL documentation, "Template Databases");
     * one of that name is dropped first.
     *
     * @throws FaultException LOAD_FAILED with the server's words
     */
    public void copyHidden(String name, String copy) {
        dropHidden(copy);
        try (Connection connection = server.connectMaintenance(STATEMENT_LIMIT);
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + DatabaseServer.quoteIdentifier(checkedName(copy)) + " TEMPLATE "
                    + DatabaseServer.quoteIdentifier(checkedName(name)) + " IS_TEMPLATE true");
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.LOAD_FAILED,
                            "the hidden database '" + name + "' could not be copied; the live database is untouched",
                            "Read tool_output: the server's disk may be full; `--no-verify` restores without running Odoo on a"
                                    + " copy.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    /**
     * Makes a hidden database as Odoo makes its own (Odoo source, service/db.py, _create_empty_database) and runs a dump of SQL
     * text in it; then ANALYZE. When it fails, the hidden database is gone again. One of that name is dropped first.
     *
     * @param sql as {@code pg_dump --no-owner} writes it
     * @throws FaultException as {@link #load}
     */
    public void loadSql(String name, InputStream sql, Duration limit) {
        dropHidden(checkedName(name));
        requireCreatedb();
        create(
                name,
                server.binding().user(),
                " TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' IS_TEMPLATE true",
                "C");
        boolean whole = false;
        try {
            PlainDump.load(server, name, tools, sql, limit);
            analyze(name, limit);
            whole = true;
        } finally {
            if (!whole) {
                dropHidden(name);
            }
        }
    }

    private DatabaseServer.ServerInfo requireCreatedb() {
        DatabaseServer.ServerInfo info = server.probe();
        if (!info.createdb()) {
            throw Fault.of(
                            FaultCode.DATABASE_RIGHT_MISSING,
                            "Role '" + server.binding().user() + "' may not create databases; nothing was changed",
                            "Run as a superuser: ALTER ROLE "
                                    + DatabaseServer.quoteIdentifier(
                                            server.binding().user()) + " CREATEDB")
                    .toException();
        }
        return info;
    }

    /** Makes the empty hidden database; gives its owner. */
    private String create(String name, DatabaseFacts facts) {
        DatabaseServer.ServerInfo info = requireCreatedb();
        String owner = info.superuser() && roleExists(facts.owner())
                ? facts.owner()
                : server.binding().user();
        var options = new StringBuilder(" TEMPLATE template0 ENCODING ")
                .append(DatabaseServer.quoteLiteral(facts.encoding()))
                .append(" LC_COLLATE ")
                .append(DatabaseServer.quoteLiteral(facts.collate()))
                .append(" LC_CTYPE ")
                .append(DatabaseServer.quoteLiteral(facts.ctype()));
        facts.icuLocale().ifPresent(locale -> {
            boolean builtin = facts.localeProvider().equals("b");
            options.append(builtin ? " LOCALE_PROVIDER builtin BUILTIN_LOCALE " : " LOCALE_PROVIDER icu ICU_LOCALE ")
                    .append(DatabaseServer.quoteLiteral(locale));
        });
        if (facts.icuLocale().isEmpty() && info.major() >= 15) {
            options.append(" LOCALE_PROVIDER libc");
        }
        options.append(" IS_TEMPLATE true");
        create(name, owner, options.toString(), facts.collate());
        return owner;
    }

    private void create(String name, String owner, String options, String collate) {
        String sql = "CREATE DATABASE " + DatabaseServer.quoteIdentifier(name) + " OWNER "
                + DatabaseServer.quoteIdentifier(owner) + options;
        try (Connection connection = server.connectMaintenance(STATEMENT_LIMIT);
                var statement = connection.createStatement()) {
            for (int attempt = 1; ; attempt++) {
                try {
                    statement.execute(sql);
                    return;
                } catch (SQLException e) {
                    // somebody else copies template0 at this moment
                    if (!IN_USE.equals(e.getSQLState()) || attempt == CREATE_ATTEMPTS) {
                        throw e;
                    }
                    pause();
                }
            }
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.LOAD_FAILED,
                            "The hidden database '" + name + "' could not be made; the live database is untouched",
                            "Read tool_output: the server may lack the original's locale (install it, e.g. with locale-gen, and"
                                    + " restart PostgreSQL) or a right of the role.")
                    .with("collate", collate)
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    private boolean roleExists(String role) {
        try (Connection connection = server.connectMaintenance();
                var query = connection.prepareStatement("SELECT 1 FROM pg_roles WHERE rolname = ?")) {
            query.setString(1, role);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("role '" + role + "' could not be looked up", e);
        }
    }

    /** Gives what could not be done and is not needed, in words. */
    private List<String> restoreAll(
            String name, String owner, Path archive, DatabaseFacts facts, int jobs, Progress progress, Duration limit) {
        Optional<ImmutableUnaccent> unaccent = ImmutableUnaccent.of(facts, tools, archive, limit);
        if (unaccent.isEmpty()) {
            restore(name, owner, archive, jobs, List.of(), Optional.empty(), progress, limit);
            return List.of();
        }
        ArchiveList all = ArchiveList.of(tools, archive, limit);
        ArchiveList before = unaccent.get().before(all);
        restore(name, owner, archive, 1, List.of(), Optional.of(before), progress, limit);
        List<String> notApplied = unaccent.get().declare(server, name, STATEMENT_LIMIT);
        restore(name, owner, archive, jobs, List.of(), Optional.of(all.without(before)), progress, limit);
        return notApplied;
    }

    private void restore(
            String name,
            String owner,
            Path archive,
            int jobs,
            List<String> selection,
            Optional<ArchiveList> entries,
            Progress progress,
            Duration limit) {
        var command = new ArrayList<>(List.of(
                tools.pgRestore().toString(),
                "--exit-on-error",
                "--no-password",
                "--no-owner",
                "--no-acl",
                "--no-tablespaces",
                "--jobs=" + Math.max(1, jobs),
                "--dbname=" + DatabaseServer.connectionString(name)));
        command.addAll(selection);
        if (!owner.equals(server.binding().user())) {
            command.add("--role=" + owner);
        }
        entries.ifPresent(list -> command.add("--use-list=/dev/stdin"));
        command.add(archive.toAbsolutePath().toString());
        var grown = new Growth(progress);
        try (var child = ToolProcess.start(command, server.toolEnvironment(name));
                var guard = new Guard(child, "pg_restore into '" + name + "'", limit, () -> {
                    grown.look(server, name);
                    return Optional.empty();
                })) {
            entries.ifPresent(list -> list.hand(child));
            int exit = child.await(limit);
            guard.check();
            if (exit != 0) {
                throw Fault.of(
                                FaultCode.LOAD_FAILED,
                                "pg_restore of " + archive.getFileName() + " failed (exit code " + exit
                                        + "); the hidden database is dropped, the live database is untouched",
                                "Read tool_output, pg_restore's own words. A missing extension has to be installed on the server; an"
                                        + " unknown setting means tools newer than the server; a damaged archive is verified with"
                                        + " `lifeboat verify`.")
                        .with("exit_code", exit)
                        .with("tool_output", child.errors())
                        .toException();
            }
        }
    }

    private void analyze(String name, Duration limit) {
        try (Connection connection = server.connect(name, limit);
                var statement = connection.createStatement()) {
            statement.execute("SET statement_timeout = 0; ANALYZE");
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.LOAD_FAILED,
                            "ANALYZE of the hidden database '" + name + "' failed; the live database is untouched",
                            "Read tool_output and the server's log, then restore again.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    /**
     * Puts the original's database-level settings, privileges and connection limit on a database.
     *
     * @return what could not be put on, in words
     */
    private List<String> applySettings(String name, DatabaseFacts facts) {
        var left = new ArrayList<String>();
        String quoted = DatabaseServer.quoteIdentifier(name);
        try (Connection connection = server.connect(name, STATEMENT_LIMIT)) {
            for (var setting : facts.settings()) {
                String target = setting.role()
                        .map(role -> "ROLE " + DatabaseServer.quoteIdentifier(role) + " IN DATABASE " + quoted)
                        .orElse("DATABASE " + quoted);
                String parameter = Arrays.stream(setting.name().split("\\.", -1))
                        .map(DatabaseServer::quoteIdentifier)
                        .collect(Collectors.joining("."));
                // FROM CURRENT: the value goes in as it was kept, without being written as SQL
                attempt(left, "setting " + setting.name(), () -> {
                    try (PreparedStatement set = connection.prepareStatement("SELECT set_config(?, ?, false)");
                            var alter = connection.createStatement()) {
                        set.setString(1, setting.name());
                        set.setString(2, setting.value());
                        set.execute();
                        alter.execute("ALTER " + target + " SET " + parameter + " FROM CURRENT");
                    }
                });
                attempt(left, "setting " + setting.name() + " of this session", () -> {
                    try (var reset = connection.createStatement()) {
                        reset.execute("RESET " + parameter);
                    }
                });
            }
            facts.grants().ifPresent(grants -> applyGrants(connection, quoted, grants, left));
            facts.comment()
                    .ifPresent(comment -> run(
                            connection,
                            left,
                            "comment",
                            "COMMENT ON DATABASE " + quoted + " IS " + DatabaseServer.quoteLiteral(comment)));
            if (facts.connectionLimit() >= 0) {
                run(
                        connection,
                        left,
                        "connection limit",
                        "ALTER DATABASE " + quoted + " CONNECTION LIMIT " + facts.connectionLimit());
            }
            return left;
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("the settings of database '" + name + "' could not be put on", e);
        }
    }

    private static void applyGrants(
            Connection connection, String quoted, List<DatabaseFacts.Grant> grants, List<String> left) {
        Set<String> known = Set.of("CONNECT", "CREATE", "TEMPORARY");
        run(connection, left, "privileges of everybody", "REVOKE ALL ON DATABASE " + quoted + " FROM PUBLIC");
        for (var grant : grants) {
            if (known.contains(grant.privilege())) {
                String role = grant.role().map(DatabaseServer::quoteIdentifier).orElse("PUBLIC");
                run(
                        connection,
                        left,
                        "privilege " + grant.privilege() + " of " + role,
                        "GRANT " + grant.privilege() + " ON DATABASE " + quoted + " TO " + role
                                + (grant.grantable() ? " WITH GRANT OPTION" : ""));
            }
        }
    }

    private static void run(Connection connection, List<String> left, String what, String sql) {
        attempt(left, what, () -> {
            try (var statement = connection.createStatement()) {
                statement.execute(sql);
            }
        });
    }

    private static void attempt(List<String> left, String what, SqlAction action) {
        try {
            action.run();
        } catch (SQLException e) {
            left.add(what + ": " + e.getMessage());
        }
    }

    /**
     * Drops a hidden database with all its sessions; does nothing where it is gone.
     *
     * @param name one that Lifeboat gave ({@link #isHiddenName}); any other is refused
     * @throws FaultException BAD_INPUT; DATABASE_QUERY_FAILED where it can't be dropped
     */
    public void dropHidden(String name) {
        checkedName(name);
        drop(server, name);
    }

    static void drop(DatabaseServer server, String name) {
        String quoted = DatabaseServer.quoteIdentifier(name);
        try (Connection connection = server.connectMaintenance(STATEMENT_LIMIT);
                var statement = connection.createStatement()) {
            if (DatabaseServer.oidOf(connection, name).isEmpty()) {
                return;
            }
            statement.execute("ALTER DATABASE " + quoted + " IS_TEMPLATE false ALLOW_CONNECTIONS false");
            DatabaseServer.terminateSessions(connection, name, END_SESSIONS);
            statement.execute("DROP DATABASE IF EXISTS " + quoted);
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("database '" + name + "' could not be dropped", e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(250);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "The load was ended on request", "Start the run again.")
                    .toException(e);
        }
    }

    @FunctionalInterface
    private interface SqlAction {
        void run() throws SQLException;
    }

    /** Tells the progress how a database grows, as often as it is looked at but every third time only. */
    private static final class Growth {
        private static final int EVERY = 4;
        private final Progress progress;
        private long told;
        private int looks;

        Growth(Progress progress) {
            this.progress = progress;
        }

        void look(DatabaseServer server, String name) {
            if (progress == Progress.NONE || ++looks % EVERY != 0) {
                return;
            }
            long size = server.size(name);
            if (size > told) {
                progress.advance(size - told, 0);
                told = size;
            }
        }
    }
}
