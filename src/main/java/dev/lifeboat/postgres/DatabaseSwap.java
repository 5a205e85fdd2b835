package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * Puts a loaded, hidden database in the place of the live one and the live one aside, in one transaction: the name is never
 * free and never names a half-filled database. The new database's OID is written to a journal before; an OID stays when a
 * database is renamed, so whoever comes after a crash can tell what has happened.
 */
public final class DatabaseSwap {
    private static final int TRIES = 20;
    private static final Duration END_SESSIONS = Duration.ofSeconds(30);

    private final DatabaseServer server;
    private final String live;
    private final String displaced;
    private final Path journal;

    /**
     * A swap.
     *
     * @param server its binding names the live database, which may be missing
     * @param tag names the displaced database; at most 50 characters
     * @param journal the file for the intent, in a folder that survives a crash
     */
    public DatabaseSwap(DatabaseServer server, String tag, Path journal) {
        this.server = server;
        this.live = server.binding().name();
        this.displaced = "lb_old_" + tag;
        this.journal = journal;
    }

    /** What the live database is called after the swap. */
    public String displaced() {
        return displaced;
    }

    /** Whether the database that was to be put in place is there. */
    public boolean isSwapped() {
        Optional<Long> intended = intended();
        return intended.isPresent() && server.oidOf(live).equals(intended);
    }

    /**
     * Swaps; where that has happened already it does nothing.
     *
     * @param fresh the hidden database to put in place
     * @throws FaultException SWAP_FAILED; the live database is then as it was
     */
    public void swap(String fresh) {
        if (isSwapped()) {
            return;
        }
        long oid =
                server.oidOf(fresh).orElseThrow(() -> failed("the loaded database '" + fresh + "' is not there", null));
        boolean present = server.exists(live);
        write(oid, fresh, present);
        transaction(present ? new String[] {live, fresh} : new String[] {fresh}, statement -> {
            statement.execute("ALTER DATABASE " + quoted(fresh) + " IS_TEMPLATE false");
            if (present) {
                statement.execute("ALTER DATABASE " + quoted(live) + " RENAME TO " + quoted(displaced));
                statement.execute("ALTER DATABASE " + quoted(displaced) + " IS_TEMPLATE true");
            }
            statement.execute("ALTER DATABASE " + quoted(fresh) + " RENAME TO " + quoted(live));
        });
    }

    /**
     * Puts the displaced database back and leaves the other under {@code aside}, hidden; where nothing was swapped it does
     * nothing. Gives whether it changed anything.
     */
    public boolean swapBack(String aside) {
        if (!isSwapped()) {
            return false;
        }
        boolean present = server.exists(displaced);
        transaction(present ? new String[] {live, displaced} : new String[] {live}, statement -> {
            statement.execute("ALTER DATABASE " + quoted(live) + " RENAME TO " + quoted(aside));
            statement.execute("ALTER DATABASE " + quoted(aside) + " IS_TEMPLATE true");
            if (present) {
                statement.execute("ALTER DATABASE " + quoted(displaced) + " IS_TEMPLATE false");
                statement.execute("ALTER DATABASE " + quoted(displaced) + " RENAME TO " + quoted(live));
            }
        });
        return true;
    }

    /** Forgets the intent: the swap is over, one way or the other. */
    public void forget() {
        try {
            Files.deleteIfExists(journal);
        } catch (IOException e) {
            throw failed("the journal " + journal + " could not be removed: " + e.getMessage(), e);
        }
    }

    private interface Renaming {
        void run(java.sql.Statement statement) throws SQLException;
    }

    /** A database that somebody is connected to can't be renamed; who was sent away may be back at once, so try again. */
    private void transaction(String[] databases, Renaming renaming) {
        SQLException last = null;
        for (int i = 0; i < TRIES; i++) {
            for (String database : databases) {
                server.terminateSessions(database, END_SESSIONS);
            }
            try (Connection connection = server.connectMaintenance()) {
                connection.setAutoCommit(false);
                try (var statement = connection.createStatement()) {
                    renaming.run(statement);
                }
                connection.commit();
                return;
            } catch (SQLException e) {
                last = e;
            }
        }
        throw failed("it was refused " + TRIES + " times, the last time with: " + last.getMessage(), last);
    }

    private Optional<Long> intended() {
        try {
            return Files.exists(journal)
                    ? Optional.of(Json.mapper()
                            .readTree(Files.readString(journal))
                            .path("new_oid")
                            .asLong())
                    : Optional.empty();
        } catch (IOException e) {
            throw failed("the journal " + journal + " can't be read: " + e.getMessage(), e);
        }
    }

    private void write(long oid, String fresh, boolean present) {
        try {
            Files.createDirectories(journal.getParent());
            Path temporary = journal.resolveSibling(journal.getFileName() + ".new");
            Files.writeString(
                    temporary,
                    Json.pretty(Json.object()
                            .put("live", live)
                            .put("new", fresh)
                            .put("displaced", displaced)
                            .put("live_present", present)
                            .put("new_oid", oid)));
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(temporary, journal, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw failed("the journal " + journal + " can't be written: " + e.getMessage(), e);
        }
    }

    private static String quoted(String name) {
        return DatabaseServer.quoteIdentifier(name);
    }

    private FaultException failed(String why, Exception cause) {
        return Fault.of(
                        FaultCode.SWAP_FAILED,
                        "database '" + live + "' could not be swapped: " + why,
                        "See who is connected to it and can't be sent away (a superuser, a connection pooler), end that,"
                                + " and try again.")
                .toException(cause);
    }
}
