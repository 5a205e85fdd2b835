-- What is done by the clock where no engine stays: when each sweep is wanted next, so that of those who are called at the same time
-- one does it, and as often as it is worth.
CREATE TABLE ops.sweeps (
    sweep   text PRIMARY KEY,
    due_at  timestamptz NOT NULL,
    done_at timestamptz
);
