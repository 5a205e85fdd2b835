-- Runs that drop what a restore moved aside and kept.
ALTER TABLE ops.runs DROP CONSTRAINT runs_operation_type_check;
ALTER TABLE ops.runs ADD CONSTRAINT runs_operation_type_check
    CHECK (operation_type IN ('backup', 'restore', 'verify', 'validate', 'prune', 'discard'));
