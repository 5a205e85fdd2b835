package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.json.Json;
import org.junit.jupiter.api.Test;

class DistributedIT extends DistributedScenario {
    @Test
    void a_backup_and_a_restore_go_through_separate_processes_and_leave_all_their_evidence() throws Exception {
        var tables = shop.tables();
        var tree = shop.tree();
        JsonNode backup = await(begin("backups", Json.object()));
        assertSuccess(backup, EvidenceContract.BACKUP);
        shop.destroy();
        JsonNode restore = await(begin("restores", restore(backup)));
        assertSuccess(restore, EvidenceContract.RESTORE);
        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
    }
}
