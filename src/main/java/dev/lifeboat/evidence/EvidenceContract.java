package dev.lifeboat.evidence;

import dev.lifeboat.json.Json;
import java.util.List;

/**
 * The evidence files that the backup and the restore specification require. All of them are present after every run; where a
 * step was skipped, or the backup's type does not cover the part, the file says why.
 */
public final class EvidenceContract {
    /** The files of a restore, in the specification's order. */
    public static final List<String> RESTORE = List.of(
            "inputs.json",
            "run_id.txt",
            "artifact_verification.json",
            "pre_restore_backup.json",
            "quiesce_status.json",
            "db_restore.log",
            "db_restore_duration.json",
            "db_restore_checksum_verification.json",
            "filestore_restore.log",
            "filestore_restore_duration.json",
            "filestore_restore_checksum_verification.json",
            "config_snapshot.json",
            "config_comparison.json",
            "odoo_restart.log",
            "validation_report.json",
            "final_status.json");

    /** The files of a backup, in the specification's order. */
    public static final List<String> BACKUP = List.of(
            "inputs.json",
            "runtime_bindings_redacted.json",
            "quiesce_status.json",
            "db.dump.meta.json",
            "db.dump.sha256",
            "filestore.meta.json",
            "filestore.tar.zst.sha256",
            "config_snapshot.json",
            "artifact_registration.json",
            "retention_prune.json",
            "final_status.json");

    /** Stands in every folder that is closed besides what its operation requires; see {@link EvidenceRecord}. */
    public static final String RECORD = "record.json";

    private EvidenceContract() {}

    /**
     * The content of a file whose step was skipped.
     *
     * @param name the file's name; decides the form
     * @param reason why it was skipped, one sentence
     */
    public static String placeholder(String name, String reason) {
        if (name.endsWith(".json")) {
            return Json.pretty(Json.object().put("skipped", true).put("reason", reason));
        }
        return "# skipped: " + reason.replaceAll("\\R", " ") + "\n";
    }
}
