-- Two operations more: 'deployment' looks at what a deployment left, 'rollback' goes back behind it, and is exclusive.
ALTER TABLE ops.runs DROP CONSTRAINT runs_operation_type_check;
ALTER TABLE ops.runs ADD CONSTRAINT runs_operation_type_check
    CHECK (operation_type IN ('backup', 'restore', 'verify', 'validate', 'prune', 'discard', 'replicate', 'import', 'drill',
                              'deployment', 'rollback'));
DROP INDEX ops.runs_one_active;
CREATE UNIQUE INDEX runs_one_active ON ops.runs (environment_id)
    WHERE status IN ('queued', 'running') AND parent_run_id IS NULL AND operation_type IN ('backup', 'restore', 'rollback');

-- What became of a deployment. outcome is null until its checks have ended; level and reason say what its trouble asks for.
ALTER TABLE ops.deployments
    ADD COLUMN version_before      text,
    ADD COLUMN operator            text,
    -- how long the login page took before it, in seconds
    ADD COLUMN normal_seconds      double precision,
    ADD COLUMN outcome             text CHECK (outcome IN
        ('good', 'failed', 'proposed', 'rolling_back', 'rolled_back', 'rollback_failed')),
    ADD COLUMN reason              text,
    ADD COLUMN level               integer CHECK (level IN (1, 2)),
    ADD COLUMN judged_at           timestamptz,
    ADD COLUMN rollback_run_id     text REFERENCES ops.runs,
    ADD COLUMN rolled_back_to      text,
    ADD COLUMN rollback_started_at timestamptz,
    ADD COLUMN rollback_ended_at   timestamptz;
CREATE INDEX deployments_unjudged ON ops.deployments (validation_run_id) WHERE completed_at IS NOT NULL AND outcome IS NULL;

-- The last version of which the checks found nothing wrong.
ALTER TABLE ops.environments
    ADD COLUMN last_good_version text,
    ADD COLUMN last_good_at      timestamptz;

-- The lines of history.log; written_at says when each got into the file.
CREATE TABLE ops.deployment_history (
    entry_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    environment_id text        NOT NULL,
    version        text        NOT NULL,
    status         text        NOT NULL,
    operator       text        NOT NULL,
    written_at     timestamptz
);
CREATE INDEX deployment_history_unwritten ON ops.deployment_history (entry_id) WHERE written_at IS NULL;

CREATE INDEX runs_of_rollbacks ON ops.runs (created_at) WHERE operation_type = 'rollback';
