-- What starts runs by itself: schedules and events. Such a run says in its metadata what started it, and there is one run for
-- each time of a schedule and for each event, whoever asks how often.
CREATE UNIQUE INDEX runs_one_of_trigger ON ops.runs (environment_id, (metadata->>'trigger'))
    WHERE metadata->>'trigger' IS NOT NULL;

-- A run that another run started (the safety backup of a restore) is there once, also where it is asked for twice.
CREATE UNIQUE INDEX runs_one_child ON ops.runs (parent_run_id, operation_type) WHERE parent_run_id IS NOT NULL;

-- Each time at which a schedule was due. 'open': somebody is starting it, and somebody else may from retry_at on.
-- 'known': it was due before the schedule was seen for the first time. A time that was missed leaves a record too.
CREATE TABLE ops.schedule_fires (
    environment_id text        NOT NULL,
    schedule       text        NOT NULL,
    due_at         timestamptz NOT NULL,
    status         text        NOT NULL CHECK (status IN ('known', 'open', 'started', 'missed')),
    retry_at       timestamptz,
    reason         text,
    run_id         text REFERENCES ops.runs,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (environment_id, schedule, due_at),
    CHECK ((status = 'open') = (retry_at IS NOT NULL)),
    CHECK ((status = 'started') = (run_id IS NOT NULL)),
    CHECK (status <> 'missed' OR reason IS NOT NULL)
);

-- Events that were delivered: source and id together name one (CloudEvents 1.0, "id"). outcome is null until what the event
-- asks for was done.
CREATE TABLE ops.events (
    source         text        NOT NULL,
    event_id       text        NOT NULL,
    event_type     text        NOT NULL,
    environment_id text        NOT NULL,
    deliveries     integer     NOT NULL DEFAULT 1,
    outcome        text,
    run_id         text REFERENCES ops.runs,
    payload        jsonb       NOT NULL DEFAULT '{}',
    received_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, event_id)
);

-- Deployments as their events tell them.
CREATE TABLE ops.deployments (
    deployment_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id    text        NOT NULL,
    version           text        NOT NULL,
    starting_at       timestamptz,
    completed_at      timestamptz,
    backup_run_id     text REFERENCES ops.runs,
    validation_run_id text REFERENCES ops.runs,
    created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deployments_by_environment ON ops.deployments (environment_id, deployment_id DESC);
