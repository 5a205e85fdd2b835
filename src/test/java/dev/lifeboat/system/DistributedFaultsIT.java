package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whichever process is killed, a backup and a restore come to their end. */
class DistributedFaultsIT extends DistributedScenario {
    private static final String STORE = "store";
    /** The server that holds Lifeboat's state. */
    private static final String STATE = "the state's server";
    /** The server that holds Odoo's database. */
    private static final String DATABASE = "Odoo's server";

    @Test
    void a_backup_and_a_restore_end_well_though_each_process_is_killed_once_while_it_works() throws Exception {
        var tables = shop.tables();
        var tree = shop.tree();
        // Odoo's server goes while it is read. A restore that loses it while it writes may rightly be rolled back.
        JsonNode backup =
                killing(begin("backups", Json.object()), List.of(ORCHESTRATOR, STATE, DATABASE, SIDECAR, STORE));
        assertSuccess(backup, EvidenceContract.BACKUP);
        shop.removeAttachment();
        JsonNode restore = killing(begin("restores", restore(backup)), List.of(STATE, ORCHESTRATOR, SIDECAR, STORE));
        assertSuccess(restore, EvidenceContract.RESTORE);
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        assertThat(shop.leftBeside()).isEmpty();
    }

    /** Kills the process of each step as the step begins, and in turn the others. */
    private JsonNode killing(String run, List<String> others) throws Exception {
        var killed = new HashSet<String>();
        int turn = 0;
        while (!isOver(run)) {
            String step = TestCluster.query(state, """
                    SELECT step FROM ops.run_steps s JOIN ops.runs r USING (run_id)
                    WHERE s.status IN ('running', 'waiting') AND (run_id = '%s' OR r.parent_run_id = '%s')
                    ORDER BY s.started_at DESC LIMIT 1""".formatted(run, run));
            if (step != null && FUNCTIONS.contains(step) && killed.add(step)) {
                kill(step);
                start(step);
                String other = others.get(turn++ % others.size());
                if (killed.add(other)) {
                    killOther(other);
                }
            }
        }
        assertThat(killed).containsAll(others).hasSizeGreaterThan(others.size() + 4);
        return await(run);
    }

    private void killOther(String other) throws Exception {
        switch (other) {
            case STORE -> {
                store.stop();
                store.start();
            }
            case STATE -> crashState();
            case DATABASE -> TestCluster.crash();
            default -> {
                kill(other);
                start(other);
            }
        }
    }
}
