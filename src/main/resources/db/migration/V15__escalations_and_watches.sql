-- What somebody has to take care of: told to one level of contacts after the other until it is acknowledged.
CREATE TABLE ops.escalations (
    run_id          text PRIMARY KEY REFERENCES ops.runs,
    environment_id  text        NOT NULL,
    reason          text        NOT NULL,
    raised_at       timestamptz NOT NULL DEFAULT now(),
    acknowledged_at timestamptz,
    acknowledged_by text,
    note            text
);
CREATE INDEX escalations_open ON ops.escalations (raised_at) WHERE acknowledged_at IS NULL;

-- Since when what is watched of an environment is in trouble; null: it is well.
CREATE TABLE ops.watches (
    environment_id text NOT NULL,
    name           text NOT NULL,
    bad_since      timestamptz,
    PRIMARY KEY (environment_id, name)
);
