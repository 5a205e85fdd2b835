-- Runs that were looked at for notices; those that had ended before there were any are not told now.
ALTER TABLE ops.runs ADD COLUMN noticed_at timestamptz;
UPDATE ops.runs SET noticed_at = now() WHERE completed_at IS NOT NULL;
CREATE INDEX runs_unnoticed ON ops.runs (completed_at) WHERE completed_at IS NOT NULL AND noticed_at IS NULL;

-- What people are told, for each target; the same thing once.
CREATE TABLE ops.notices (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key             text NOT NULL,
    target          text NOT NULL,
    event           text NOT NULL,
    environment_id  text NOT NULL,
    run_id          text REFERENCES ops.runs,
    title           text NOT NULL,
    body            text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    delivered_at    timestamptz,
    given_up_at     timestamptz,
    problem         text,
    UNIQUE (key, target)
);
CREATE INDEX notices_due ON ops.notices (next_attempt_at) WHERE delivered_at IS NULL AND given_up_at IS NULL;
