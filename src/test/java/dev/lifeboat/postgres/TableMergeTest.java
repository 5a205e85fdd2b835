package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.artifact.Manifest.TableDigest;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.progress.Progress;
import dev.lifeboat.testing.TestCluster;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TableMergeTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final String SCRATCH = DatabaseLoader.newName("merge", 1);
    private static final TableName LINE = new TableName("public", "order_line");

    private DatabaseBinding live;

    @BeforeEach
    void prepare() {
        live = TestCluster.createDatabase("merge_live");
        TestCluster.execute(
                live,
                "CREATE TABLE order_line (id int PRIMARY KEY, order_id int, note text);"
                        + " INSERT INTO order_line VALUES (1, 42, 'a'), (2, 7, 'b')");
        TestCluster.drop(SCRATCH);
        TestCluster.execute(live.withName("postgres"), "CREATE DATABASE " + SCRATCH + " TEMPLATE merge_live");
    }

    @AfterEach
    void remove() {
        TestCluster.drop(SCRATCH);
        TestCluster.drop("merge_live");
    }

    @Test
    void replace_deletes_of_the_chosen_rows_those_that_the_backup_does_not_have_and_not_those_that_have_moved_there() {
        TestCluster.execute(
                live,
                "UPDATE order_line SET order_id = 42 WHERE id = 2; INSERT INTO order_line VALUES (3, 42, 'new'), (4, 7, 'new')");
        var order = new TableOrder(
                List.of(LINE),
                List.of(new TableOrder.Condition("order_id", "42")),
                List.of(),
                TableOrder.Mode.REPLACE,
                false);
        try (var merge = TableMerge.open(new DatabaseServer(live), SCRATCH, List.of(LINE), order, LIMIT)) {
            assertThat(merge.plan(Progress.NONE).tables().getFirst().delete()).isEqualTo(1);
        }
        try (var merge = TableMerge.open(new DatabaseServer(live), SCRATCH, List.of(LINE), order, LIMIT)) {
            assertThat(merge.apply(Progress.NONE).tables().getFirst().delete()).isEqualTo(1);
        }
        assertThat(ids()).isEqualTo("1,2,4");
    }

    @Test
    void replace_of_a_whole_table_deletes_every_row_that_the_backup_does_not_have() {
        TestCluster.execute(live, "UPDATE order_line SET order_id = 42; INSERT INTO order_line VALUES (3, 42, 'new')");
        var order = new TableOrder(List.of(LINE), List.of(), List.of(), TableOrder.Mode.REPLACE, false);
        try (var merge = TableMerge.open(new DatabaseServer(live), SCRATCH, List.of(LINE), order, LIMIT)) {
            merge.apply(Progress.NONE);
        }
        assertThat(ids()).isEqualTo("1,2");
    }

    @Test
    void large_objects_are_no_table_of_a_manifest() {
        assertThat(TableName.of(List.of(
                        new TableDigest("pg_largeobject", 1, "", ""),
                        new TableDigest("public.\"Products\"", 1, "", ""))))
                .containsExactly(new TableName("public", "Products"));
    }

    private String ids() {
        return TestCluster.query(live, "SELECT string_agg(id::text, ',' ORDER BY id) FROM order_line");
    }
}
