-- A request that is sent twice under one key begins one run.
ALTER TABLE ops.runs
    ADD COLUMN request_key    text,
    ADD COLUMN request_sha256 text,
    ADD CONSTRAINT runs_request CHECK ((request_key IS NULL) = (request_sha256 IS NULL));
CREATE UNIQUE INDEX runs_one_request ON ops.runs (created_by, request_key) WHERE request_key IS NOT NULL;
