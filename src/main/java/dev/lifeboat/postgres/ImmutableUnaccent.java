package dev.lifeboat.postgres;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The change that Odoo makes to an extension: configured with {@code unaccent}, it declares {@code unaccent(text)} IMMUTABLE
 * (Odoo source, service/db.py, _create_empty_database), and from 16 on it builds indexes over it. Of an extension's members
 * pg_dump writes nothing (PostgreSQL documentation, "Packaging Related Objects into an Extension"), so that a restore has to
 * make the change again, between the extension and the first index.
 *
 * @param schema where the function is
 * @param needed whether an index or a column stands on it: then the database can't be loaded without the change
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record ImmutableUnaccent(String schema, boolean needed) {
    static final String EXTENSION = "unaccent";

    private static final String FUNCTION =
            " FROM pg_extension e JOIN pg_depend m ON m.refclassid = 'pg_extension'::regclass"
                    + " AND m.refobjid = e.oid AND m.deptype = 'e' AND m.classid = 'pg_proc'::regclass JOIN pg_proc p ON p.oid = m.objid"
                    + " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE e.extname = 'unaccent' AND p.proname = 'unaccent'"
                    + " AND p.proargtypes::text = 'text'::regtype::oid::text";

    /** Gives schema and need of a database where the change was made. */
    static final String LOOK =
            "SELECT n.nspname, EXISTS (SELECT FROM pg_depend u WHERE u.refclassid = 'pg_proc'::regclass"
                    + " AND u.refobjid = p.oid AND u.classid IN ('pg_class'::regclass, 'pg_attrdef'::regclass))"
                    + FUNCTION
                    + " AND p.provolatile = 'i'";

    private static final String DECLARE = "DO $lifeboat$ DECLARE f regprocedure; BEGIN SELECT p.oid INTO f" + FUNCTION
            + "; IF f IS NOT NULL THEN EXECUTE format('ALTER FUNCTION %s IMMUTABLE', f); END IF;";

    /** The change as SQL, on one line, for a dump in which it is not known whether it is needed: without the right to it, nothing is done. */
    static final String DECLARE_WHERE_ALLOWED =
            DECLARE + " EXCEPTION WHEN insufficient_privilege THEN NULL; END $lifeboat$;";

    private static final String DECLARE_OR_FAIL = DECLARE + " END $lifeboat$;";

    private static final String CREATED = "CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA ";

    /** What PostgreSQL says of an index over the function as the extension brings it. */
    static boolean isLackIn(String words) {
        return words.contains("must be marked IMMUTABLE");
    }

    /**
     * What has to be done for an archive: as its capture has recorded it, or, of artifacts from before that was recorded, as
     * the archive's own definitions show it.
     */
    static Optional<ImmutableUnaccent> of(DatabaseFacts facts, PgTools tools, Path archive, Duration limit) {
        if (facts.immutableUnaccent().isPresent() || !facts.extensions().containsKey(EXTENSION)) {
            return facts.immutableUnaccent();
        }
        List<String> command = List.of(
                tools.pgRestore().toString(),
                "--section=pre-data",
                "--section=post-data",
                "--no-owner",
                "--no-acl",
                "--file=-",
                archive.toAbsolutePath().toString());
        try (var child = ToolProcess.start(command, Map.of("LC_ALL", "C"))) {
            return StreamReading.start("definitions", child, ImmutableUnaccent::read)
                    .get(limit);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.DUMP_UNREADABLE,
                            "the definitions of " + archive.getFileName() + " could not be read; nothing was changed",
                            "`lifeboat verify` tells whether the artifact is whole.")
                    .with("tool_output", String.valueOf(e.getMessage()))
                    .toException(e);
        }
    }

    /** Finds indexes and generated columns over the function: only an immutable one can have them. */
    static Optional<ImmutableUnaccent> read(InputStream definitions) throws IOException {
        var reader = new BufferedReader(new InputStreamReader(definitions, StandardCharsets.UTF_8));
        Optional<String> schema = Optional.empty();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.startsWith(CREATED) && line.endsWith(";")) {
                schema = Optional.of(line.substring(CREATED.length(), line.length() - 1));
            } else if (schema.isPresent()
                    && line.contains(schema.get() + ".unaccent(")
                    && (line.startsWith("CREATE INDEX ")
                            || line.startsWith("CREATE UNIQUE INDEX ")
                            || line.contains(" GENERATED ALWAYS AS "))) {
                String name = schema.get();
                return Optional.of(new ImmutableUnaccent(
                        name.startsWith("\"")
                                ? name.substring(1, name.length() - 1).replace("\"\"", "\"")
                                : name,
                        true));
            }
        }
        return Optional.empty();
    }

    /** The entries of an archive that have to be there before the change can be made. */
    ArchiveList before(ArchiveList all) {
        return all.only("SCHEMA - " + schema + " ", "EXTENSION - " + EXTENSION + " ");
    }

    /**
     * Makes the change in a database that has the extension.
     *
     * @return what could not be done, in words, where it is not needed
     * @throws FaultException DATABASE_RIGHT_MISSING where it is needed and refused
     */
    List<String> declare(DatabaseServer server, String database, Duration limit) {
        try (Connection connection = server.connect(database, limit);
                var statement = connection.createStatement()) {
            statement.execute(DECLARE_OR_FAIL);
            return List.of();
        } catch (SQLException e) {
            if (needed) {
                throw rightMissing(server).with("tool_output", e.getMessage()).toException(e);
            }
            return List.of("function unaccent(text) IMMUTABLE: " + e.getMessage());
        }
    }

    /**
     * Asks whether the role may make the change where it is needed: the functions of an extension belong to the server's first
     * superuser, whose OID is 10, also where another role has installed it (PostgreSQL documentation, "CREATE EXTENSION",
     * trusted extensions).
     *
     * @throws FaultException DATABASE_RIGHT_MISSING with the command that gives the right
     */
    public void requireRight(DatabaseServer server) {
        if (!needed) {
            return;
        }
        try (Connection connection = server.connectMaintenance();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT pg_has_role(current_user, 10::oid, 'USAGE')")) {
            row.next();
            if (!row.getBoolean(1)) {
                throw rightMissing(server).toException();
            }
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("the rights of the role could not be read", e);
        }
    }

    /** Why a database with such indexes can't be loaded by this role, and what to do. */
    static Fault rightMissing(DatabaseServer server) {
        String role = DatabaseServer.quoteIdentifier(server.binding().user());
        return Fault.of(
                FaultCode.DATABASE_RIGHT_MISSING,
                "the backup's database has indexes over unaccent(text), which was declared IMMUTABLE, and role "
                        + server.binding().user()
                        + " may not declare that of the restored one; the live database is untouched",
                "As a superuser: ALTER ROLE " + role + " SUPERUSER; and when the restore has ended: ALTER ROLE " + role
                        + " NOSUPERUSER");
    }
}
