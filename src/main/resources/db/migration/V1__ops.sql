-- The ops schema: Lifeboat's own state. Names and columns are those of the backup and restore specifications.
-- Times are timestamptz, sizes are bytes.

-- The monitor queries name the views without a schema.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = ops, public', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'search_path is not set on the database: queries have to name the schema ops';
END
$$;

CREATE FUNCTION ops.gen_run_id() RETURNS text
    LANGUAGE sql VOLATILE
    AS $$ SELECT 'run_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') || '_'
              || substr(replace(gen_random_uuid()::text, '-', ''), 1, 8) $$;

CREATE TABLE ops.projects (
    project_id text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ops.environments (
    environment_id text PRIMARY KEY,
    project_id     text NOT NULL REFERENCES ops.projects,
    type           text NOT NULL CHECK (type IN ('production', 'staging', 'dev')),
    created_at     timestamptz NOT NULL DEFAULT now()
);

-- project_id '*' is every project. 'local' is who can read the data folder's endpoint file: the machine's owner.
CREATE TABLE ops.memberships (
    user_id    text NOT NULL,
    project_id text NOT NULL,
    role       text NOT NULL CHECK (role IN ('viewer', 'operator', 'restorer', 'admin')),
    PRIMARY KEY (user_id, project_id)
);
INSERT INTO ops.memberships VALUES ('local', '*', 'admin');

CREATE FUNCTION ops.user_has_permission(p_user_id text, p_project_id text, p_action text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (
        SELECT FROM ops.memberships m
        WHERE m.user_id = p_user_id
          AND m.project_id IN (p_project_id, '*')
          AND p_action = ANY (CASE m.role
                WHEN 'viewer'   THEN ARRAY['view']
                WHEN 'operator' THEN ARRAY['view', 'backup', 'verify', 'validate']
                WHEN 'restorer' THEN ARRAY['view', 'backup', 'verify', 'validate', 'restore']
                WHEN 'admin'    THEN ARRAY['view', 'backup', 'verify', 'validate', 'restore', 'prune']
              END)) $$;

CREATE TABLE ops.runs (
    run_id         text PRIMARY KEY,
    project_id     text NOT NULL REFERENCES ops.projects,
    environment_id text NOT NULL REFERENCES ops.environments,
    operation_type text NOT NULL CHECK (operation_type IN ('backup', 'restore', 'verify', 'validate', 'prune')),
    status         text NOT NULL DEFAULT 'queued'
                   CHECK (status IN ('queued', 'running', 'success', 'failed', 'rolled_back')),
    created_by     text NOT NULL,
    metadata       jsonb NOT NULL DEFAULT '{}',
    evidence_dir   text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    completed_at   timestamptz,
    -- a run that another run started, for instance the safety backup of a restore
    parent_run_id  text REFERENCES ops.runs,
    fault          jsonb,
    -- who advances the run: the epoch is raised at each take-over, and an answer under an older epoch is not taken
    epoch          integer NOT NULL DEFAULT 0,
    lease_owner    text,
    lease_until    timestamptz,
    wake_at        timestamptz DEFAULT now(),
    recoveries     integer NOT NULL DEFAULT 0,
    parked_at      timestamptz,
    -- the backup specification's names for the same things
    type           text GENERATED ALWAYS AS (operation_type || '_environment') STORED,
    payload        jsonb GENERATED ALWAYS AS (metadata) STORED
);

-- At most one active run an environment. Verification, validation and pruning stand outside; a run that another run
-- started stands under that one's exclusivity.
CREATE UNIQUE INDEX runs_one_active ON ops.runs (environment_id)
    WHERE status IN ('queued', 'running') AND parent_run_id IS NULL AND operation_type IN ('backup', 'restore');
CREATE INDEX runs_by_environment ON ops.runs (environment_id, created_at DESC);
CREATE INDEX runs_open ON ops.runs (wake_at) WHERE status IN ('queued', 'running');
CREATE INDEX runs_by_parent ON ops.runs (parent_run_id) WHERE parent_run_id IS NOT NULL;

CREATE TABLE ops.run_steps (
    run_id      text NOT NULL REFERENCES ops.runs,
    step        text NOT NULL,
    attempt     integer NOT NULL,
    seq         integer NOT NULL,
    status      text NOT NULL
                CHECK (status IN ('running', 'waiting', 'done', 'skipped', 'failed', 'refused', 'unknown', 'void')),
    epoch       integer NOT NULL,
    task_id     text,
    started_at  timestamptz NOT NULL DEFAULT now(),
    check_at    timestamptz,
    deadline_at timestamptz NOT NULL,
    finished_at timestamptz,
    outputs     jsonb,
    fault       jsonb,
    PRIMARY KEY (run_id, step, attempt)
);

CREATE TABLE ops.run_events (
    event_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id     text NOT NULL REFERENCES ops.runs,
    event_type text NOT NULL,
    payload    jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX run_events_by_run ON ops.run_events (run_id, event_id);

CREATE TABLE ops.artifacts (
    artifact_id     text PRIMARY KEY,
    project_id      text NOT NULL REFERENCES ops.projects,
    environment_id  text NOT NULL REFERENCES ops.environments,
    run_id          text NOT NULL,
    backup_type     text NOT NULL CHECK (backup_type IN ('full', 'db_only', 'filestore_only')),
    purpose         text NOT NULL CHECK (purpose IN ('backup', 'pre_restore')),
    label           text,
    status          text NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'pruned')),
    degraded        jsonb NOT NULL DEFAULT '[]',
    uri             text NOT NULL,
    checksums       jsonb NOT NULL,
    sizes           jsonb NOT NULL,
    size_bytes      bigint NOT NULL,
    needs           jsonb NOT NULL DEFAULT '[]',
    created_at      timestamptz NOT NULL,
    registered_at   timestamptz NOT NULL DEFAULT now(),
    pruned_at       timestamptz
);
CREATE INDEX artifacts_by_environment ON ops.artifacts (environment_id, created_at DESC);

CREATE TABLE ops.artifact_copies (
    artifact_id text NOT NULL REFERENCES ops.artifacts,
    store       text NOT NULL,
    uri         text NOT NULL,
    status      text NOT NULL CHECK (status IN ('good', 'damaged', 'deleted')),
    verified_at timestamptz,
    PRIMARY KEY (artifact_id, store)
);

-- The disaster recovery specification's monitor (5.1) reads these two.
CREATE VIEW ops.backup_manifests AS
    SELECT a.artifact_id, a.environment_id, a.backup_type, a.status, a.size_bytes, a.created_at, a.uri
    FROM ops.artifacts a
    WHERE a.status = 'available';

CREATE VIEW ops.restore_test_results AS
    SELECT r.run_id, r.environment_id, r.metadata->>'artifact_id' AS artifact_id,
           CASE r.status WHEN 'success' THEN 'PASS' ELSE 'FAIL' END AS status,
           r.created_at, r.completed_at
    FROM ops.runs r
    WHERE r.operation_type = 'restore' AND r.completed_at IS NOT NULL;
