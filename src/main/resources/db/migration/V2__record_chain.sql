-- Every run that ends leaves a record in its evidence, and each record carries the SHA-256 of the one before it in the same
-- environment. Here is where each chain ends; it grows by compare-and-set on record_sequence.

ALTER TABLE ops.environments
    ADD COLUMN record_sequence integer NOT NULL DEFAULT 0,
    ADD COLUMN record_run_id   text,
    ADD COLUMN record_sha256   text,
    ADD CONSTRAINT environments_record CHECK (
        (record_sequence = 0 AND record_run_id IS NULL AND record_sha256 IS NULL)
        OR (record_sequence > 0 AND record_run_id IS NOT NULL AND record_sha256 IS NOT NULL));

-- A run has one place in the chain, also where it is killed after it took it and ends later.
ALTER TABLE ops.runs
    ADD COLUMN record_sequence integer CHECK (record_sequence > 0),
    ADD COLUMN record_sha256   text,
    ADD CONSTRAINT runs_record CHECK ((record_sequence IS NULL) = (record_sha256 IS NULL));
CREATE UNIQUE INDEX runs_one_record ON ops.runs (environment_id, record_sequence);
