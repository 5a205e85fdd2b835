-- Two operations more: 'deployment' looks at what a deployment left, 'rollback' goes back behind it. What other migrations have
-- entered into the list of operations stays in it.
DO $$
DECLARE
    operations text;
    exclusive  text;
BEGIN
    SELECT string_agg(DISTINCT quote_literal(word[1]), ', ') INTO operations
    FROM pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''', 'g') AS word
    WHERE conname = 'runs_operation_type_check' AND conrelid = 'ops.runs'::regclass;
    ALTER TABLE ops.runs DROP CONSTRAINT runs_operation_type_check;
    EXECUTE format('ALTER TABLE ops.runs ADD CONSTRAINT runs_operation_type_check'
                   || ' CHECK (operation_type IN (%s, ''deployment'', ''rollback''))', operations);

    SELECT string_agg(DISTINCT quote_literal(word[1]), ', ') INTO exclusive
    FROM regexp_matches(pg_get_indexdef('ops.runs_one_active'::regclass), '''([a-z_]+)''', 'g') AS word
    WHERE word[1] NOT IN ('queued', 'running');
    DROP INDEX ops.runs_one_active;
    EXECUTE format('CREATE UNIQUE INDEX runs_one_active ON ops.runs (environment_id)'
                   || ' WHERE status IN (''queued'', ''running'') AND parent_run_id IS NULL'
                   || ' AND operation_type IN (%s, ''rollback'')', exclusive);
END
$$;

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
