-- The operation 'drill' rehearses a restore.
ALTER TABLE ops.runs DROP CONSTRAINT runs_operation_type_check;
ALTER TABLE ops.runs ADD CONSTRAINT runs_operation_type_check
    CHECK (operation_type IN ('backup', 'restore', 'verify', 'validate', 'prune', 'discard', 'replicate', 'import', 'drill'));

-- What rehearsals and restores gave; times in seconds.
CREATE OR REPLACE VIEW ops.restore_test_results AS
    SELECT r.run_id, r.environment_id, r.metadata->>'artifact_id' AS artifact_id,
           CASE r.status WHEN 'success' THEN 'PASS' ELSE 'FAIL' END AS status,
           r.created_at, r.completed_at,
           r.operation_type AS kind,
           (r.metadata->>'recovery_seconds')::double precision AS recovery_seconds,
           (r.metadata->>'recovery_point_seconds')::double precision AS recovery_point_seconds
    FROM ops.runs r
    WHERE r.operation_type IN ('restore', 'drill') AND r.completed_at IS NOT NULL;
