package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * Brings rows of tables from a hidden database, where a backup's tables were loaded, into the live one. Rows stream through
 * this program as {@code COPY} text, one line at a time, into temporary tables of the live database; what is written is decided there,
 * and written by one transaction that holds a lock against other writers of these tables, no longer than it takes.
 *
 * <p>All rows are inserted by one statement, so that foreign keys are looked at when the last of them is there (PostgreSQL
 * documentation, "Data-Modifying Statements in WITH"): no order of the tables is needed, and references in a circle are no obstacle.
 */
public final class TableMerge implements AutoCloseable {
    private static final int SAMPLES = 5;
    private static final String LOCK_WAIT = "30s";

    private final TableOrder order;
    private final Connection live;
    private final Connection backup;
    private final List<ForeignKey> keys;
    private final Map<TableName, Side> sides = new LinkedHashMap<>();
    private final List<String> notLookedAt = new ArrayList<>();

    /** A table on both sides, and the temporary tables that belong to it: they bear its number. */
    private record Side(int number, TableShape live, TableShape backup, boolean chosen, List<String> columns) {
        String selected() {
            return "pg_temp.lb_selected_" + number;
        }

        String missing() {
            return "pg_temp.lb_missing_" + number;
        }

        String rows() {
            return "pg_temp.lb_rows_" + number;
        }

        String gone() {
            return "pg_temp.lb_gone_" + number;
        }

        String kept() {
            return "pg_temp.lb_kept_" + number;
        }

        String table() {
            return live.name().quoted();
        }

        List<String> key() {
            return live.key();
        }

        boolean hasRowsOf(ForeignKey key) {
            return columns.containsAll(key.columns());
        }
    }

    private TableMerge(TableOrder order, Connection live, Connection backup, List<ForeignKey> keys) {
        this.order = order;
        this.live = live;
        this.backup = backup;
        this.keys = keys;
    }

    /**
     * The tables of the live database whose rows may be needed: those that are ordered, and those whose rows are deleted along
     * with theirs.
     *
     * @param known the tables that the backup has
     * @throws FaultException DATABASE_QUERY_FAILED
     */
    public static List<TableName> needed(DatabaseServer server, TableOrder order, List<TableName> known) {
        try (Connection connection = server.connect()) {
            return ForeignKey.cascade(ForeignKey.all(connection), order.tables()).stream()
                    .filter(known::contains)
                    .toList();
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("the foreign keys of the live database could not be read", e);
        }
    }

    /**
     * What is wrong with an order as far as the live database can tell; reads only.
     *
     * @throws FaultException BAD_INPUT where a table is missing, is no plain table or has no key; DATABASE_QUERY_FAILED
     */
    public static void check(DatabaseServer server, TableOrder order) {
        try (Connection connection = server.connect()) {
            for (TableName table : order.tables()) {
                TableShape shape = usable(table, TableShape.read(connection, table));
                if (!order.ids().isEmpty() && shape.column("id").isEmpty()) {
                    throw noColumn(table, "id");
                }
                for (TableOrder.Condition condition : order.where()) {
                    if (shape.column(condition.column()).isEmpty()) {
                        throw noColumn(table, condition.column());
                    }
                }
            }
        } catch (SQLException e) {
            throw DatabaseServer.queryFailed("the tables of the live database could not be read", e);
        }
    }

    /**
     * Opens both databases and compares the tables; writes nothing but temporary tables.
     *
     * @param server of both
     * @param scratch the hidden database with the backup's tables
     * @param loaded the tables that were loaded there, those of the order among them
     * @param limit how long one statement may take
     * @throws FaultException BAD_INPUT where a table can't be restored: its columns have other types, it has no key
     */
    public static TableMerge open(
            DatabaseServer server, String scratch, List<TableName> loaded, TableOrder order, Duration limit) {
        Connection live = server.connect(server.binding().name(), limit);
        try {
            var merge = new TableMerge(order, live, server.connect(scratch, limit), ForeignKey.all(live));
            try {
                merge.prepare(loaded);
                return merge;
            } catch (SQLException | RuntimeException e) {
                merge.close();
                throw e;
            }
        } catch (SQLException e) {
            closeQuietly(live, e);
            throw readFailed(e);
        } catch (RuntimeException e) {
            closeQuietly(live, e);
            throw e;
        }
    }

    @Override
    public void close() {
        try (live;
                backup) {
            // both are closed
        } catch (SQLException e) {
            throw readFailed(e);
        }
    }

    private static void closeQuietly(Connection connection, Exception why) {
        try {
            connection.close();
        } catch (SQLException e) {
            why.addSuppressed(e);
        }
    }

    private void prepare(List<TableName> loaded) throws SQLException {
        for (Connection connection : List.of(live, backup)) {
            execute(
                    connection,
                    "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET timezone = 'UTC';"
                            + " SET datestyle = 'ISO'; SET intervalstyle = 'iso_8601'; SET bytea_output = 'hex';"
                            + " SET extra_float_digits = 1");
        }
        for (TableName table : loaded) {
            boolean chosen = order.tables().contains(table);
            Side side;
            try {
                TableShape shape = usable(table, TableShape.read(live, table));
                TableShape source = TableShape.read(backup, table).orElseThrow();
                side = new Side(sides.size(), shape, source, chosen, common(shape, source));
            } catch (FaultException e) {
                if (chosen || order.withDependants()) {
                    throw e;
                }
                notLookedAt.add(e.fault().message());
                continue;
            }
            sides.put(table, side);
            execute(backup, create(side.selected(), side, side.key()));
            execute(backup, create(side.missing(), side, side.key()));
            execute(backup, create(side.gone(), side, side.key()));
            execute(live, create(side.selected(), side, side.key()));
            execute(live, create(side.missing(), side, side.key()));
            execute(live, create(side.gone(), side, side.key()));
            execute(live, create(side.kept(), side, side.key()));
            execute(live, create(side.rows(), side, side.columns()));
        }
    }

    private static TableShape usable(TableName table, Optional<TableShape> there) {
        TableShape shape = there.orElseThrow(() -> wrong(
                "the live database has no table " + table,
                "A table that was dropped comes back with a restore of the database, or beside it: `lifeboat restore`"
                        + " into another environment."));
        if (!shape.isPlain()) {
            throw wrong(
                    table + " is no plain table but a "
                            + switch (shape.kind()) {
                                case "v" -> "view";
                                case "m" -> "materialised view";
                                case "p" -> "partitioned table";
                                default -> "foreign table";
                            },
                    "Name the tables that hold its rows.");
        }
        if (shape.key().isEmpty()) {
            throw wrong(
                    table
                            + " has neither a primary key nor a unique index over columns that are never null: it can't be said"
                            + " which of its rows are the same",
                    "Restore the whole database into another environment, and copy by hand what is missing.");
        }
        return shape;
    }

    private static FaultException wrong(String what, String remedy) {
        return Fault.of(FaultCode.BAD_INPUT, what + "; nothing was written", remedy)
                .toException();
    }

    private static FaultException noColumn(TableName table, String column) {
        return wrong(table + " has no column '" + column + "'", "Choose its rows by a column that it has.");
    }

    /** The columns that both sides have and that can be written. */
    private static List<String> common(TableShape live, TableShape backup) {
        var columns = new ArrayList<String>();
        var different = new ArrayList<String>();
        for (TableShape.Column column : live.columns()) {
            Optional<TableShape.Column> other = backup.column(column.name());
            if (other.isPresent() && !other.get().type().equals(column.type())) {
                different.add(column.name() + " (" + other.get().type() + " in the backup, " + column.type() + " now)");
            } else if (other.isPresent() && !column.generated()) {
                columns.add(column.name());
            }
        }
        if (!different.isEmpty()) {
            throw wrong(
                    "columns of " + live.name() + " have another type than in the backup: "
                            + String.join(", ", different),
                    "Take a backup from after the upgrade that has changed them, or restore the whole environment.");
        }
        if (!columns.containsAll(live.key())) {
            throw wrong(
                    "the backup's " + live.name() + " does not have the key " + live.key(),
                    "Take a backup from after the upgrade that has changed it.");
        }
        return columns;
    }

    /**
     * Finds the rows of the backup that are needed, brings them beside the live tables, and says what would be written.
     *
     * @throws FaultException BAD_INPUT where a condition's value can't be read; DATABASE_QUERY_FAILED
     */
    public TablePlan plan(Progress progress) {
        try {
            stage(progress);
            live.setAutoCommit(false);
            findGone();
            TablePlan plan = planned();
            live.rollback();
            live.setAutoCommit(true);
            return plan;
        } catch (SQLException e) {
            throw readFailed(e);
        }
    }

    /**
     * The same, and writes it, in one transaction.
     *
     * @return what was written
     * @throws FaultException TABLES_CONFLICT where something stands against it, MERGE_FAILED where the server refused it; nothing is
     *     written then
     */
    public TablePlan apply(Progress progress) {
        try {
            stage(progress);
        } catch (SQLException e) {
            throw readFailed(e);
        }
        progress.phase("write");
        try {
            live.setAutoCommit(false);
            try {
                execute(live, "SET LOCAL lock_timeout = '" + LOCK_WAIT + "'");
                execute(
                        live,
                        "LOCK TABLE " + written().map(Side::table).collect(Collectors.joining(", "))
                                + " IN SHARE ROW EXCLUSIVE MODE");
                findGone();
                TablePlan plan = planned();
                refuseConflicts(plan);
                delete(plan);
                write(plan);
                raise(plan);
                live.commit();
                return plan;
            } catch (SQLException | RuntimeException e) {
                rollBack(e);
                throw e;
            } finally {
                live.setAutoCommit(true);
            }
        } catch (SQLException e) {
            throw Fault.of(
                            FaultCode.MERGE_FAILED,
                            "the rows could not be written; the transaction was rolled back, the live database is as it was",
                            "Read tool_output, PostgreSQL's own words: a lock that somebody holds, a rule or a trigger of the table"
                                    + " that refuses a row. Then try again.")
                    .with("sqlstate", String.valueOf(e.getSQLState()))
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }

    private void rollBack(Exception why) {
        try {
            live.rollback();
        } catch (SQLException e) {
            why.addSuppressed(e);
        }
    }

    private static void refuseConflicts(TablePlan plan) {
        if (!plan.conflicts().isEmpty()) {
            throw Fault.of(
                            FaultCode.TABLES_CONFLICT,
                            "nothing was written: " + String.join("; ", plan.conflicts()),
                            "Restore the tables that are referred to, too, or choose other rows; --dry-run shows what would be"
                                    + " done.")
                    .toException();
        }
    }

    // ---- which rows

    private void stage(Progress progress) throws SQLException {
        progress.phase("find the rows");
        var grown = new ArrayDeque<Side>();
        for (TableName table : order.tables()) {
            Side side = sides.get(table);
            select(side);
            findMissing(side);
            grown.add(side);
        }
        if (!order.withDependants()) {
            bringRows(progress);
        }
        follow(grown);
        if (order.withDependants()) {
            bringRows(progress);
        }
    }

    /** The chosen rows, by their keys. */
    private void select(Side side) throws SQLException {
        String from = " FROM " + side.table() + " t";
        var conditions = new ArrayList<String>();
        var values = new ArrayList<String>();
        condition(side.backup(), conditions, values);
        String sql = "INSERT INTO " + side.selected() + " SELECT " + names(side.key(), "t") + from
                + (conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions));
        update(backup, sql, values);
    }

    /** A value is read by PostgreSQL as the column's type: never as a part of the statement. */
    private void condition(TableShape shape, List<String> conditions, List<String> values) {
        for (TableOrder.Condition condition : order.where()) {
            TableShape.Column column =
                    shape.column(condition.column()).orElseThrow(() -> noColumn(shape.name(), condition.column()));
            conditions.add("t." + quote(column.name()) + " = CAST(CAST(? AS text) AS " + column.type() + ")");
            values.add(condition.value());
        }
        if (!order.ids().isEmpty()) {
            conditions.add("t.\"id\" = ANY (CAST(CAST(? AS text) AS bigint[]))");
            values.add(order.ids().stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}")));
        }
    }

    /** Which of the selected rows the live table does not have: their keys go there, and those that are missing come back. */
    private void findMissing(Side side) throws SQLException {
        execute(live, "TRUNCATE " + side.selected());
        copy(
                backup,
                "SELECT " + names(side.key(), "s") + " FROM " + side.selected() + " s",
                live,
                side.selected(),
                side.key());
        execute(backup, "TRUNCATE " + side.missing());
        execute(live, "TRUNCATE " + side.missing());
        execute(
                live,
                "INSERT INTO " + side.missing() + " SELECT " + names(side.key(), "s") + " FROM " + side.selected()
                        + " s WHERE NOT EXISTS (SELECT FROM " + side.table() + " t WHERE " + same(side.key(), "t", "s")
                        + ")");
        copy(
                live,
                "SELECT " + names(side.key(), "m") + " FROM " + side.missing() + " m",
                backup,
                side.missing(),
                side.key());
        execute(backup, "ANALYZE " + side.missing());
    }

    /** Rows that were deleted along with missing ones: they referred to one by a key that deletes in cascade. */
    private void follow(ArrayDeque<Side> grown) throws SQLException {
        while (!grown.isEmpty()) {
            Side parent = grown.poll();
            for (ForeignKey key : keys) {
                Side child = sides.get(key.from());
                if (key.onDelete() == ForeignKey.OnDelete.CASCADE
                        && key.to().equals(parent.live().name())
                        && child != null
                        && child.hasRowsOf(key)
                        && selectDependants(key, child, parent) > 0) {
                    findMissing(child);
                    grown.add(child);
                }
            }
        }
    }

    private long selectDependants(ForeignKey key, Side child, Side parent) throws SQLException {
        return update(
                backup,
                "INSERT INTO " + child.selected() + " SELECT " + names(child.key(), "t") + " FROM " + child.table()
                        + " t WHERE EXISTS (SELECT FROM " + parent.table() + " p JOIN " + parent.missing() + " m ON "
                        + same(parent.key(), "p", "m") + " WHERE " + same(key.columns(), "t", key.keys(), "p")
                        + ") AND NOT EXISTS (SELECT FROM " + child.selected() + " s WHERE "
                        + same(child.key(), "t", "s") + ")",
                List.of());
    }

    /** The rows that are written come beside the live tables: the missing ones, or, where rows are changed too, all selected. */
    private void bringRows(Progress progress) throws SQLException {
        progress.phase("bring the rows");
        for (Side side : written().toList()) {
            boolean all = side.chosen() && order.mode() != TableOrder.Mode.INSERT_MISSING;
            copy(
                    backup,
                    "SELECT " + names(side.columns(), "t") + " FROM " + side.table() + " t JOIN "
                            + (all ? side.selected() : side.missing()) + " k ON " + same(side.key(), "t", "k"),
                    live,
                    side.rows(),
                    side.columns());
            execute(live, "ANALYZE " + side.rows());
            progress.advance(0, 1);
        }
    }

    private java.util.stream.Stream<Side> written() {
        return sides.values().stream().filter(side -> side.chosen() || order.withDependants());
    }

    /** The chosen live rows that the backup does not have, where they are to be deleted. */
    private void findGone() throws SQLException {
        if (order.mode() != TableOrder.Mode.REPLACE) {
            return;
        }
        for (Side side : sides.values().stream().filter(Side::chosen).toList()) {
            var conditions = new ArrayList<String>();
            var values = new ArrayList<String>();
            condition(side.live(), conditions, values);
            conditions.add("NOT EXISTS (SELECT FROM " + side.rows() + " r WHERE " + same(side.key(), "t", "r") + ")");
            update(
                    live,
                    "INSERT INTO " + side.gone() + " SELECT " + names(side.key(), "t") + " FROM " + side.table()
                            + " t WHERE " + String.join(" AND ", conditions),
                    values);
            if (order.isPartial()) {
                keepWhatTheBackupHas(side);
            }
        }
    }

    /** A live row that is chosen now may stand in the backup among those that were not: it has changed, and is not gone. */
    private void keepWhatTheBackupHas(Side side) throws SQLException {
        execute(backup, "TRUNCATE " + side.gone());
        copy(live, "SELECT " + names(side.key(), "g") + " FROM " + side.gone() + " g", backup, side.gone(), side.key());
        execute(live, "TRUNCATE " + side.kept());
        copy(
                backup,
                "SELECT " + names(side.key(), "g") + " FROM " + side.gone() + " g WHERE EXISTS (SELECT FROM "
                        + side.table() + " t WHERE " + same(side.key(), "t", "g") + ")",
                live,
                side.kept(),
                side.key());
        execute(
                live,
                "DELETE FROM " + side.gone() + " g USING " + side.kept() + " k WHERE " + same(side.key(), "g", "k"));
    }

    // ---- what would be written

    private TablePlan planned() throws SQLException {
        var changes = new ArrayList<TablePlan.Changes>();
        var conflicts = new ArrayList<String>();
        for (Side side : written().toList()) {
            TablePlan.Changes one = changes(side);
            changes.add(one);
            conflicts.addAll(conflictsOf(side, one));
        }
        return new TablePlan(changes, leftAway(), conflicts, emptied(), notLookedAt);
    }

    private TablePlan.Changes changes(Side side) throws SQLException {
        long insert = count("SELECT count(*) FROM " + side.rows() + " r WHERE " + isNew(side));
        long update = order.mode() == TableOrder.Mode.INSERT_MISSING || !side.chosen()
                ? 0
                : count("SELECT count(*) FROM " + side.rows() + " r JOIN " + side.table() + " t ON "
                        + same(side.key(), "t", "r") + " WHERE " + differs(side));
        long delete = count("SELECT count(*) FROM " + side.gone());
        return new TablePlan.Changes(
                side.live().name(),
                side.chosen(),
                count("SELECT count(*) FROM " + side.rows()),
                insert,
                update,
                delete,
                others(side.backup(), side.live(), column -> true),
                others(side.live(), side.backup(), column -> true),
                side.live().columns().stream()
                        .filter(TableShape.Column::generated)
                        .map(TableShape.Column::name)
                        .toList(),
                side.live().triggers(),
                insert == 0 ? List.of() : raised(side));
    }

    private static List<String> others(TableShape of, TableShape than, Function<TableShape.Column, Boolean> which) {
        return of.columns().stream()
                .filter(column -> than.column(column.name()).isEmpty() && which.apply(column))
                .map(TableShape.Column::name)
                .toList();
    }

    private static String isNew(Side side) {
        return "NOT EXISTS (SELECT FROM " + side.table() + " t WHERE " + same(side.key(), "t", "r") + ")";
    }

    /** As text: some types, such as json, have no equality, and two numbers that are equal may be written differently. */
    private static String differs(Side side) {
        return "ROW(" + names(side.columns(), "r") + ")::text IS DISTINCT FROM ROW(" + names(side.columns(), "t")
                + ")::text";
    }

    private List<String> conflictsOf(Side side, TablePlan.Changes changes) throws SQLException {
        var conflicts = new ArrayList<String>();
        List<String> required = others(side.live(), side.backup(), TableShape.Column::required);
        if (changes.insert() > 0 && !required.isEmpty()) {
            conflicts.add(side.live().name() + " wants values for columns that the backup does not have: "
                    + String.join(", ", required));
        }
        for (ForeignKey key : keys) {
            if (key.from().equals(side.live().name()) && side.hasRowsOf(key)) {
                dangling(key, side).ifPresent(conflicts::add);
            }
            if (changes.delete() > 0 && key.to().equals(side.live().name())) {
                referred(key, side).ifPresent(conflicts::add);
            }
        }
        return conflicts;
    }

    /** References of what would be written to rows that neither are there nor come along. */
    private Optional<String> dangling(ForeignKey key, Side side) throws SQLException {
        Optional<Side> target = Optional.ofNullable(sides.get(key.to()))
                .filter(found -> written().anyMatch(found::equals));
        String set = key.columns().stream()
                .map(column -> "r." + quote(column) + " IS NOT NULL")
                .collect(Collectors.joining(" AND "));
        String staying = target.map(found -> " AND NOT EXISTS (SELECT FROM " + found.gone() + " g WHERE "
                        + same(found.key(), "p", "g") + ")")
                .orElse("");
        String coming = target.filter(found -> found.columns().containsAll(key.keys()))
                .map(found -> " AND NOT EXISTS (SELECT FROM " + found.rows() + " x WHERE "
                        + same(key.columns(), "r", key.keys(), "x") + ")")
                .orElse("");
        String lost = " FROM " + side.rows() + " r WHERE " + set + " AND NOT EXISTS (SELECT FROM "
                + key.to().quoted() + " p WHERE " + same(key.columns(), "r", key.keys(), "p") + staying + ")" + coming;
        return told(
                "rows of " + key.from() + " refer by " + String.join(", ", key.columns()) + " to rows of " + key.to()
                        + " that do not exist",
                key.columns(),
                "r",
                lost);
    }

    /** Rows of any table that refer to what would be deleted, and stay. */
    private Optional<String> referred(ForeignKey key, Side side) throws SQLException {
        Optional<Side> from = Optional.ofNullable(sides.get(key.from())).filter(Side::chosen);
        String staying = from.map(found -> " AND NOT EXISTS (SELECT FROM " + found.gone() + " o WHERE "
                        + same(found.key(), "r", "o") + ")")
                .orElse("");
        return told(
                "rows of " + key.from() + " refer by " + String.join(", ", key.columns()) + " to rows of " + key.to()
                        + " that would be deleted",
                key.columns(),
                "r",
                " FROM " + key.from().quoted() + " r WHERE EXISTS (SELECT FROM " + side.table() + " t JOIN "
                        + side.gone() + " g ON " + same(side.key(), "t", "g") + " WHERE "
                        + same(key.columns(), "r", key.keys(), "t") + ")" + staying);
    }

    private Optional<String> told(String what, List<String> columns, String alias, String from) throws SQLException {
        long rows = count("SELECT count(*)" + from);
        if (rows == 0) {
            return Optional.empty();
        }
        var samples = new ArrayList<String>();
        try (var statement = live.createStatement();
                var row = statement.executeQuery("SELECT DISTINCT ROW(" + names(columns, alias) + ")::text" + from
                        + " ORDER BY 1 LIMIT " + SAMPLES)) {
            while (row.next()) {
                samples.add(row.getString(1));
            }
        }
        return Optional.of(rows + " " + what + ": " + String.join(" ", samples) + (rows > samples.size() ? " …" : ""));
    }

    /** What was deleted along and is not written. */
    private List<TablePlan.Missing> leftAway() throws SQLException {
        var left = new ArrayList<TablePlan.Missing>();
        for (Side side : sides.values()) {
            boolean writes = written().anyMatch(side::equals);
            long missing = count("SELECT count(*) FROM " + side.missing() + " m"
                    + (writes
                            ? " WHERE NOT EXISTS (SELECT FROM " + side.rows() + " r WHERE " + same(side.key(), "m", "r")
                                    + ")"
                            : ""));
            if (missing > 0) {
                left.add(new TablePlan.Missing(side.live().name(), missing));
            }
        }
        return left;
    }

    private List<String> emptied() {
        return keys.stream()
                .filter(key -> key.onDelete() == ForeignKey.OnDelete.EMPTY
                        && order.tables().contains(key.to()))
                .flatMap(key -> key.columns().stream().map(column -> key.from() + "." + column))
                .distinct()
                .toList();
    }

    // ---- writing

    private void delete(TablePlan plan) throws SQLException {
        List<Side> deleting =
                written().filter(side -> of(plan, side).delete() > 0).toList();
        if (!deleting.isEmpty()) {
            counted(
                    deleting,
                    side -> "DELETE FROM " + side.table() + " t USING " + side.gone() + " g WHERE "
                            + same(side.key(), "t", "g"),
                    side -> of(plan, side).delete());
        }
    }

    private void write(TablePlan plan) throws SQLException {
        List<Side> updating =
                written().filter(side -> of(plan, side).update() > 0).toList();
        if (!updating.isEmpty()) {
            counted(updating, TableMerge::updating, side -> of(plan, side).update());
        }
        List<Side> inserting =
                written().filter(side -> of(plan, side).insert() > 0).toList();
        if (!inserting.isEmpty()) {
            counted(
                    inserting,
                    side -> "INSERT INTO " + side.table() + " (" + names(side.columns())
                            + ") OVERRIDING SYSTEM VALUE SELECT " + names(side.columns(), "r") + " FROM " + side.rows()
                            + " r WHERE " + isNew(side),
                    side -> of(plan, side).insert());
        }
    }

    private static String updating(Side side) {
        String set = side.columns().stream()
                .filter(column -> !side.key().contains(column)
                        && side.live()
                                .column(column)
                                .filter(TableShape.Column::fixed)
                                .isEmpty())
                .map(column -> quote(column) + " = r." + quote(column))
                .collect(Collectors.joining(", "));
        return "UPDATE " + side.table() + " t SET " + set + " FROM " + side.rows() + " r WHERE "
                + same(side.key(), "t", "r") + " AND " + differs(side);
    }

    private static TablePlan.Changes of(TablePlan plan, Side side) {
        return plan.tables().stream()
                .filter(changes -> changes.table().equals(side.live().name()))
                .findFirst()
                .orElseThrow();
    }

    /** Writes several tables by one statement; a trigger that swallows a row is found by the count. */
    private void counted(List<Side> tables, Function<Side, String> sql, Function<Side, Long> expected)
            throws SQLException {
        String with = IntStream.range(0, tables.size())
                .mapToObj(i -> "w" + i + " AS (" + sql.apply(tables.get(i)) + " RETURNING 1)")
                .collect(Collectors.joining(", "));
        String counts = IntStream.range(0, tables.size())
                .mapToObj(i -> "(SELECT count(*) FROM w" + i + ")")
                .collect(Collectors.joining(", "));
        try (var statement = live.createStatement();
                var row = statement.executeQuery("WITH " + with + " SELECT " + counts)) {
            row.next();
            for (int i = 0; i < tables.size(); i++) {
                Side side = tables.get(i);
                if (row.getLong(i + 1) != expected.apply(side)) {
                    throw Fault.of(
                                    FaultCode.MERGE_FAILED,
                                    "of " + side.live().name() + " " + row.getLong(i + 1) + " rows were written where "
                                            + expected.apply(side)
                                            + " should have been; the transaction was rolled back, the live database is as it was",
                                    "A trigger of the table keeps rows away: "
                                            + side.live().triggers() + ". Disable it yourself if that is right.")
                            .toException();
                }
            }
        }
    }

    // ---- sequences

    private List<TablePlan.Raised> raised(Side side) throws SQLException {
        var raised = new ArrayList<TablePlan.Raised>();
        for (var numbered : side.live().sequences().entrySet()) {
            if (side.columns().contains(numbered.getKey())) {
                raise(side, numbered.getKey(), numbered.getValue()).ifPresent(raised::add);
            }
        }
        return raised;
    }

    private Optional<TablePlan.Raised> raise(Side side, String column, String sequence) throws SQLException {
        try (var statement = live.createStatement();
                var row = statement.executeQuery("SELECT s.last_value, s.is_called, (SELECT max(r." + quote(column)
                        + ")::bigint FROM " + side.rows() + " r), (SELECT q.seqincrement FROM pg_sequence q WHERE"
                        + " q.seqrelid = '" + sequence.replace("'", "''") + "'::regclass) FROM " + sequence + " s")) {
            row.next();
            long last = row.getLong(1);
            boolean called = row.getBoolean(2);
            long highest = row.getLong(3);
            boolean tooLow = !row.wasNull() && (called ? highest > last : highest >= last);
            return tooLow && row.getLong(4) > 0
                    ? Optional.of(new TablePlan.Raised(sequence, last, highest))
                    : Optional.empty();
        }
    }

    /**
     * A sequence is raised in the transaction, under its lock: {@code setval} would not be rolled back, and could lower it under
     * somebody who has just taken numbers (PostgreSQL documentation, "ALTER SEQUENCE").
     */
    private void raise(TablePlan plan) throws SQLException {
        for (TablePlan.Changes changes : plan.tables()) {
            Side side = sides.get(changes.table());
            for (var numbered : side.live().sequences().entrySet()) {
                String sequence = numbered.getValue();
                if (changes.sequences().stream()
                        .anyMatch(raised -> raised.sequence().equals(sequence))) {
                    lock(sequence);
                    Optional<TablePlan.Raised> still = raise(side, numbered.getKey(), sequence);
                    if (still.isPresent()) {
                        execute(
                                live,
                                "ALTER SEQUENCE " + sequence + " RESTART WITH "
                                        + Math.addExact(still.get().to(), 1));
                    }
                }
            }
        }
    }

    /** There is no statement that locks a sequence and does nothing else: this one sets what is set already. */
    private void lock(String sequence) throws SQLException {
        long increment = count("SELECT seqincrement FROM pg_sequence WHERE seqrelid = '" + sequence.replace("'", "''")
                + "'::regclass");
        execute(live, "ALTER SEQUENCE " + sequence + " INCREMENT BY " + increment);
    }

    // ---- SQL

    private static String create(String temporary, Side side, List<String> columns) {
        return "CREATE TEMP TABLE " + temporary.substring("pg_temp.".length()) + " AS SELECT " + names(columns)
                + " FROM " + side.table() + " WITH NO DATA";
    }

    private static String names(Collection<String> columns) {
        return columns.stream().map(TableMerge::quote).collect(Collectors.joining(", "));
    }

    private static String names(Collection<String> columns, String alias) {
        return columns.stream().map(column -> alias + "." + quote(column)).collect(Collectors.joining(", "));
    }

    private static String same(List<String> columns, String one, String other) {
        return same(columns, one, columns, other);
    }

    private static String same(List<String> columns, String one, List<String> others, String other) {
        return IntStream.range(0, columns.size())
                .mapToObj(i -> one + "." + quote(columns.get(i)) + " = " + other + "." + quote(others.get(i)))
                .collect(Collectors.joining(" AND "));
    }

    private static String quote(String name) {
        return DatabaseServer.quoteIdentifier(name);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static long update(Connection connection, String sql, List<String> values) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.size(); i++) {
                statement.setString(i + 1, values.get(i));
            }
            return statement.executeLargeUpdate();
        }
    }

    private long count(String sql) throws SQLException {
        try (var statement = live.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void copy(Connection from, String select, Connection to, String table, List<String> columns)
            throws SQLException {
        var source = from.unwrap(PGConnection.class).getCopyAPI();
        var target = to.unwrap(PGConnection.class).getCopyAPI();
        CopyOut out = source.copyOut("COPY (" + select + ") TO STDOUT");
        try {
            var in = target.copyIn("COPY " + table + " (" + names(columns) + ") FROM STDIN");
            try {
                for (byte[] row = out.readFromCopy(); row != null; row = out.readFromCopy()) {
                    in.writeToCopy(row, 0, row.length);
                }
                in.endCopy();
            } finally {
                if (in.isActive()) {
                    in.cancelCopy();
                }
            }
        } finally {
            if (out.isActive()) {
                out.cancelCopy();
            }
        }
    }

    private static FaultException readFailed(SQLException e) {
        String state = Optional.ofNullable(e.getSQLState()).orElse("");
        if (state.startsWith("22")) {
            return Fault.of(
                            FaultCode.BAD_INPUT,
                            "a value that chooses rows can't be read as its column's type; nothing was written",
                            "See tool_output, and write the value as the database does.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
        return DatabaseServer.queryFailed("the rows could not be read; nothing was written", e);
    }
}
