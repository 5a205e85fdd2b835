-- A run can be asked to stop. It is asked once, before it has begun what can't be stopped any more; one that stopped before it
-- touched anything ends as cancelled.
ALTER TABLE ops.runs ADD COLUMN cancel_requested_at timestamptz;
ALTER TABLE ops.runs ADD COLUMN cancel_requested_by text;
ALTER TABLE ops.runs ADD CONSTRAINT runs_cancel_requested
    CHECK ((cancel_requested_at IS NULL) = (cancel_requested_by IS NULL));
ALTER TABLE ops.runs DROP CONSTRAINT runs_status_check;
ALTER TABLE ops.runs ADD CONSTRAINT runs_status_check
    CHECK (status IN ('queued', 'running', 'success', 'failed', 'rolled_back', 'cancelled'));

-- What was stopped proves nothing, for or against.
CREATE OR REPLACE VIEW ops.restore_test_results AS
    SELECT r.run_id, r.environment_id, r.metadata->>'artifact_id' AS artifact_id,
           CASE r.status WHEN 'success' THEN 'PASS' ELSE 'FAIL' END AS status,
           r.created_at, r.completed_at,
           r.operation_type AS kind,
           (r.metadata->>'recovery_seconds')::double precision AS recovery_seconds,
           (r.metadata->>'recovery_point_seconds')::double precision AS recovery_point_seconds
    FROM ops.runs r
    WHERE r.operation_type IN ('restore', 'drill') AND r.completed_at IS NOT NULL AND r.status <> 'cancelled';
