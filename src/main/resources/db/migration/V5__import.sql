-- The operation 'import' makes an artifact of a backup that Odoo itself has made.
ALTER TABLE ops.runs DROP CONSTRAINT runs_operation_type_check;
ALTER TABLE ops.runs ADD CONSTRAINT runs_operation_type_check
    CHECK (operation_type IN ('backup', 'restore', 'verify', 'validate', 'prune', 'discard', 'replicate', 'import'));
ALTER TABLE ops.artifacts DROP CONSTRAINT artifacts_purpose_check;
ALTER TABLE ops.artifacts ADD CONSTRAINT artifacts_purpose_check CHECK (purpose IN ('backup', 'pre_restore', 'import'));
