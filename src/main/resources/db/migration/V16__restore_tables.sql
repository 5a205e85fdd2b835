-- The operation 'restore_tables' brings rows of chosen tables back into the live database; it is exclusive.
ALTER TABLE ops.runs DROP CONSTRAINT runs_operation_type_check;
ALTER TABLE ops.runs ADD CONSTRAINT runs_operation_type_check
    CHECK (operation_type IN ('backup', 'restore', 'verify', 'validate', 'prune', 'discard', 'replicate', 'import', 'drill',
                              'deployment', 'rollback', 'restore_tables'));
DROP INDEX ops.runs_one_active;
CREATE UNIQUE INDEX runs_one_active ON ops.runs (environment_id)
    WHERE status IN ('queued', 'running') AND parent_run_id IS NULL
      AND operation_type IN ('backup', 'restore', 'rollback', 'restore_tables');
