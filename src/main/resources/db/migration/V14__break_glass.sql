-- Break-glass: as long as a window is open, an environment's schedules and automatic rollbacks pause. At most one is open.
CREATE TABLE ops.break_glass (
    window_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id text        NOT NULL,
    opened_by      text        NOT NULL,
    reason         text        NOT NULL CHECK (reason <> ''),
    opened_at      timestamptz NOT NULL DEFAULT now(),
    until          timestamptz NOT NULL,
    closed_at      timestamptz,
    closed_by      text,
    CHECK (until > opened_at)
);
CREATE UNIQUE INDEX break_glass_one_open ON ops.break_glass (environment_id) WHERE closed_at IS NULL;
CREATE INDEX break_glass_by_environment ON ops.break_glass (environment_id, opened_at DESC);
