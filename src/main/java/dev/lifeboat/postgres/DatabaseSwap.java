package dev.lifeboat.postgres;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Puts a prepared database in the place of the live one, and back. The renames stand in one transaction, so that the live
 * name is never free and never leads to a half-filled database; a client that connects at that instant waits for it. What
 * is meant to happen is first written to a journal (a small file, fsynced) with the databases' OIDs, which renames do not
 * change; whether it happened is then read from {@code pg_database}, so that every call may be repeated after a crash.
 */
public final class DatabaseSwap {
    private static final int ATTEMPTS = 10;
    private static final Duration ATTEMPT_LIMIT = Duration.ofSeconds(30);
    private static final Duration STATEMENT_LIMIT = Duration.ofSeconds(60);
    private static final String IN_USE = "55006";
    private static final String LOCK_TIMEOUT = "55P03";
    private static final String DEADLOCK = "40P01";

    private final DatabaseServer server;
    private final Path journalFile;
    private final int attempts;

    /**
     * @param server whose role owns both databases
     * @param journalFile of this one swap, kept until the run has ended
     */
    public DatabaseSwap(DatabaseServer server, Path journalFile) {
        this(server, journalFile, ATTEMPTS);
    }

    DatabaseSwap(DatabaseServer server, Path journalFile, int attempts) {
        this.server = server;
        this.journalFile = journalFile;
        this.attempts = attempts;
    }

    /**
     * What a swap is about.
     *
     * @param live the name that Odoo uses
     * @param fresh the hidden name of the prepared database
     * @param displaced the hidden name that the present database gets
     * @param liveOid of the present database; empty: there was none
     * @param freshOid of the prepared database
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Journal(String live, String fresh, String displaced, Optional<Long> liveOid, long freshOid) {}

    /** Which database has the live name now. */
    public enum State {
        /** Nothing was begun. */
        NONE,
        /** The present database has it: the swap was not done, or was taken back. */
        ORIGINAL,
        /** The prepared database has it. */
        SWAPPED
    }

    /**
     * Swaps; does nothing where it was done already.
     *
     * @param live the name that Odoo uses; where no database has it, the prepared one just gets it
     * @param fresh the prepared, hidden database
     * @param displaced the hidden name for the present one ({@link DatabaseLoader#oldName})
     * @throws FaultException SWAP_FAILED where sessions that can't be ended are in the way (named in the facts) or a database
     *     is not where the journal says; the live name then still leads to the original
     */
    public Journal swap(String live, String fresh, String displaced) {
        if (!DatabaseLoader.isHiddenName(fresh) || !DatabaseLoader.isHiddenName(displaced)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + fresh + "' or '" + displaced + "' is no name of a hidden database",
                            "Use the names that DatabaseLoader gives.")
                    .toException();
        }
        Optional<Journal> written = journal();
        written.ifPresent(earlier -> requireSame(earlier, live, fresh, displaced));
        if (written.isPresent() && state(written.get()) == State.SWAPPED) {
            return written.get();
        }
        // where an attempt that did not come to its renames is repeated, the prepared database may have been loaded
        // anew
        Journal journal = written.filter(earlier -> server.oidOf(fresh).equals(Optional.of(earlier.freshOid())))
                .orElseGet(() -> begin(live, fresh, displaced));
        var steps = new ArrayList<String>();
        steps.add(alter(fresh, "IS_TEMPLATE false"));
        if (journal.liveOid().isPresent()) {
            steps.add(alter(live, rename(displaced)));
            steps.add(alter(displaced, "IS_TEMPLATE true"));
        }
        steps.add(alter(fresh, rename(live)));
        exchange(journal, steps, State.SWAPPED, live, fresh);
        return journal;
    }

    private void requireSame(Journal journal, String live, String fresh, String displaced) {
        if (!journal.live().equals(live)
                || !journal.fresh().equals(fresh)
                || !journal.displaced().equals(displaced)) {
            throw failed("The journal " + journalFile + " tells of another swap: " + journal, List.of(), null);
        }
    }

    /**
     * Takes the swap back: the original gets the live name again, the prepared database its hidden one. Does nothing where
     * that is so already or nothing was begun.
     *
     * @throws FaultException SWAP_FAILED as for {@link #swap}; DISPLACED_GONE where somebody has dropped the original
     */
    public void swapBack() {
        Optional<Journal> written = journal();
        if (written.isEmpty() || state(written.get()) != State.SWAPPED) {
            return;
        }
        Journal journal = written.get();
        if (journal.liveOid().isPresent() && nameOf(journal.liveOid().get()).isEmpty()) {
            throw Fault.of(
                            FaultCode.DISPLACED_GONE,
                            "the database that was moved aside to '" + journal.displaced() + "' is gone",
                            "Restore the safety backup.")
                    .toException();
        }
        var steps = new ArrayList<String>();
        steps.add(alter(journal.live(), rename(journal.fresh())));
        steps.add(alter(journal.fresh(), "IS_TEMPLATE true"));
        if (journal.liveOid().isPresent()) {
            steps.add(alter(journal.displaced(), "IS_TEMPLATE false"));
            steps.add(alter(journal.displaced(), rename(journal.live())));
        }
        exchange(journal, steps, State.ORIGINAL, journal.live(), journal.displaced());
    }

    /** Drops the displaced original of a swap that was done; does nothing where it is gone. */
    public void dropDisplaced() {
        Optional<Journal> written = journal();
        if (written.isEmpty() || written.get().liveOid().isEmpty()) {
            return;
        }
        Journal journal = written.get();
        Optional<String> name = nameOf(journal.liveOid().get());
        if (name.isEmpty()) {
            return;
        }
        if (!name.get().equals(journal.displaced())) {
            throw failed(
                    "The original database is called '" + name.get() + "', not '" + journal.displaced()
                            + "': it was not displaced, and is not dropped",
                    List.of(),
                    null);
        }
        DatabaseLoader.drop(server, journal.displaced());
    }

    /**
     * Which database has the live name, as the server says it.
     *
     * @throws FaultException SWAP_FAILED where the databases are in none of the places that the swap gives them
     */
    public State state() {
        return journal().map(this::state).orElse(State.NONE);
    }

    private State state(Journal journal) {
        Optional<String> fresh = nameOf(journal.freshOid());
        Optional<String> original = journal.liveOid().flatMap(this::nameOf);
        if (fresh.equals(Optional.of(journal.live()))) {
            return State.SWAPPED;
        }
        boolean originalInPlace = journal.liveOid().isEmpty() || original.equals(Optional.of(journal.live()));
        if (originalInPlace) {
            return State.ORIGINAL;
        }
        throw failed(
                "The databases of the swap are not where it put them: the original is "
                        + original.map(name -> "called '" + name + "'").orElse("gone") + ", the prepared one is "
                        + fresh.map(name -> "called '" + name + "'").orElse("gone"),
                List.of(),
                null);
    }

    /** What the journal says; empty where no swap was begun. */
    public Optional<Journal> journal() {
        if (!Files.exists(journalFile)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Json.mapper().readValue(Files.readString(journalFile), Journal.class));
        } catch (IOException e) {
            throw failed("The swap's journal " + journalFile + " can't be read", List.of(), e);
        }
    }

    private Journal begin(String live, String fresh, String displaced) {
        long freshOid = server.oidOf(fresh)
                .orElseThrow(() -> failed("There is no prepared database '" + fresh + "'", List.of(), null));
        if (server.exists(displaced)) {
            throw failed("There is a database '" + displaced + "' already", List.of(), null);
        }
        var journal = new Journal(live, fresh, displaced, server.oidOf(live), freshOid);
        Path aside = journalFile.resolveSibling(journalFile.getFileName() + ".new");
        try {
            Path folder = Objects.requireNonNull(journalFile.toAbsolutePath().getParent());
            Files.createDirectories(folder);
            Files.writeString(aside, Json.pretty(journal), StandardCharsets.UTF_8);
            sync(aside, StandardOpenOption.WRITE);
            Files.move(aside, journalFile, StandardCopyOption.ATOMIC_MOVE);
            sync(folder, StandardOpenOption.READ);
        } catch (IOException e) {
            throw failed("The swap's journal " + journalFile + " could not be written", List.of(), e);
        }
        return journal;
    }

    private static void sync(Path path, StandardOpenOption mode) throws IOException {
        try (var channel = FileChannel.open(path, mode)) {
            channel.force(true);
        }
    }

    /**
     * Runs the renames in one transaction. A rename first locks the database's name against new sessions and then waits for
     * those that are there; ending them then, from a second connection, makes the outcome certain however often clients come
     * back, and cuts none of them off twice.
     */
    private void exchange(Journal journal, List<String> steps, State wanted, String... databases) {
        SQLException last = null;
        for (int attempt = 1; attempt <= attempts; attempt++) {
            try (Connection ending = server.connectMaintenance(STATEMENT_LIMIT)) {
                var renames = new FutureTask<Void>(() -> {
                    inOneTransaction(steps);
                    return null;
                });
                Thread.ofVirtual().name("swap").start(renames);
                long end = System.nanoTime() + ATTEMPT_LIMIT.toNanos();
                while (!renames.isDone() && System.nanoTime() < end) {
                    for (String database : databases) {
                        DatabaseServer.terminateSessionsInTheWay(ending, database);
                    }
                    Thread.sleep(20);
                }
                renames.get(STATEMENT_LIMIT.toSeconds(), TimeUnit.SECONDS);
                return;
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof SQLException cause)) {
                    throw failed("The swap failed", inTheWay(databases), e);
                }
                // a broken connection leaves open whether it was committed: pg_database knows
                if (state(journal) == wanted) {
                    return;
                }
                last = cause;
                if (!List.of(IN_USE, LOCK_TIMEOUT, DEADLOCK).contains(String.valueOf(cause.getSQLState()))) {
                    throw failed("The server refused the swap", inTheWay(databases), cause);
                }
            } catch (TimeoutException e) {
                throw failed("The server did not answer the swap", inTheWay(databases), e);
            } catch (SQLException e) {
                last = e;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Fault.of(
                                FaultCode.CANCELLED,
                                "The swap was ended on request; its journal tells whether it was done",
                                "Look at the run; call the swap again, or take it back.")
                        .toException(e);
            }
        }
        throw failed(
                "Sessions on the databases could not be ended in " + attempts + " attempts", inTheWay(databases), last);
    }

    private void inOneTransaction(List<String> steps) throws SQLException {
        try (Connection connection = server.connectMaintenance(STATEMENT_LIMIT);
                var statement = connection.createStatement()) {
            statement.execute("SET lock_timeout = '10s'; SET statement_timeout = '20s'; SET synchronous_commit = on");
            connection.setAutoCommit(false);
            for (String step : steps) {
                statement.execute(step);
            }
            connection.commit();
        }
    }

    private List<DatabaseServer.Session> inTheWay(String... databases) {
        var found = new ArrayList<DatabaseServer.Session>();
        for (String database : databases) {
            found.addAll(server.sessions(database));
        }
        return found;
    }

    private Optional<String> nameOf(long oid) {
        try (Connection connection = server.connectMaintenance();
                var query = connection.prepareStatement("SELECT datname FROM pg_database WHERE oid = ?::bigint::oid")) {
            query.setLong(1, oid);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("the databases of the server could not be listed", e);
        }
    }

    private static String alter(String database, String change) {
        return "ALTER DATABASE " + DatabaseServer.quoteIdentifier(database) + " " + change;
    }

    private static String rename(String to) {
        return "RENAME TO " + DatabaseServer.quoteIdentifier(to);
    }

    private static FaultException failed(String what, List<DatabaseServer.Session> sessions, Exception cause) {
        Fault fault = Fault.of(
                FaultCode.SWAP_FAILED,
                what + "; no database was dropped, and no name was left free",
                "End the sessions that are named (stop Odoo, a connection pooler, other clients) and try again; the swap's journal"
                        + " keeps its place.");
        if (!sessions.isEmpty()) {
            fault = fault.with("sessions", sessions);
        }
        if (cause != null) {
            fault = fault.with("tool_output", cause.getMessage());
        }
        return fault.toException(cause);
    }
}
