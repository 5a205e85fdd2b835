package dev.lifeboat.monitor;

import java.util.List;

/**
 * Every metric of Lifeboat's own, as {@code /q/metrics} names it; each is a gauge. Ages are told anew at each scrape, the rest as it was when the
 * state was last read. Seconds, bytes, and 1 for yes and 0 for no.
 */
public enum Metric {
    BACKUP_AGE(
            "lifeboat_backup_age_seconds", "Age of the newest backup's snapshot; +Inf: there is none", "environment"),
    BACKUP_BYTES("lifeboat_backup_size_bytes", "Size of the newest backup's own files", "environment"),
    BACKUP_PART_BYTES("lifeboat_backup_part_bytes", "Size of a file of the newest backup", "environment", "part"),
    BACKUP_DEGRADED("lifeboat_backup_degraded", "Whether something was missing in the newest backup", "environment"),
    BACKUP_COPY(
            "lifeboat_backup_copy_good",
            "Whether a store has a good copy of the newest backup",
            "environment",
            "store"),
    STORED_BYTES("lifeboat_stored_bytes", "Size of all backups' own files", "environment"),
    ARTIFACTS("lifeboat_artifacts", "Backups that are kept", "environment"),
    COPIES("lifeboat_copies", "Copies of backups by their state", "environment", "store", "status"),
    STEP_SECONDS(
            "lifeboat_step_seconds",
            "How long a step took in the newest run that ended",
            "environment",
            "operation",
            "step"),
    RUN_SECONDS("lifeboat_run_seconds", "How long the newest run that ended took", "environment", "operation"),
    RUN_SUCCESS("lifeboat_run_success", "Whether the newest run that ended succeeded", "environment", "operation"),
    RUNS("lifeboat_runs", "Runs that are not over", "environment", "operation", "status"),
    RUNS_PARKED("lifeboat_runs_parked", "Runs that were interrupted too often and wait for a person", "environment"),
    DRILL_PASSED("lifeboat_drill_passed", "Whether the newest drill passed", "environment"),
    DRILL_AGE("lifeboat_drill_age_seconds", "Time since the newest drill ended; +Inf: there was none", "environment"),
    RECOVERY_SECONDS(
            "lifeboat_recovery_seconds", "How long the newest drill that passed took to recover", "environment"),
    RECOVERY_POINT(
            "lifeboat_recovery_point_seconds",
            "How old the data was that the newest drill that passed recovered",
            "environment"),
    RECOVERY_TARGET("lifeboat_recovery_target_seconds", "How long a recovery may take", "environment"),
    RECOVERY_POINT_TARGET("lifeboat_recovery_point_target_seconds", "How old the newest backup may be", "environment"),
    SCHEDULE_MISSED(
            "lifeboat_schedule_missed",
            "Whether the newest time of a schedule passed without its run",
            "environment",
            "schedule"),
    DATABASE_UP("lifeboat_database_up", "Whether the environment's database lets Lifeboat in", "environment"),
    ODOO_HEALTHY("lifeboat_odoo_healthy", "Whether the environment's Odoo answers", "environment"),
    SERVICE_RUNNING("lifeboat_service_running", "Whether the environment's service runs", "environment"),
    DISK_USED(
            "lifeboat_disk_used_ratio",
            "How full the volume is that something of Lifeboat's or of an environment's lies on",
            "volume"),
    STATE_AGE("lifeboat_state_read_age_seconds", "Time since the state behind these metrics was read");

    private final String wireName;
    private final String description;
    private final String labels;

    Metric(String wireName, String description, String... labels) {
        this.wireName = wireName;
        this.description = description;
        this.labels = String.join(",", labels);
    }

    /** The name in {@code /q/metrics}. */
    public String wireName() {
        return wireName;
    }

    /** What it says. */
    public String description() {
        return description;
    }

    /** The names of its labels, in the order in which values are given. */
    public List<String> labels() {
        return labels.isEmpty() ? List.of() : List.of(labels.split(","));
    }
}
