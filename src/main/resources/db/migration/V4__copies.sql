-- A copy that a store did not take during the backup is pending, and is made later from another store.
ALTER TABLE ops.artifact_copies DROP CONSTRAINT artifact_copies_status_check;
ALTER TABLE ops.artifact_copies
    ADD CONSTRAINT artifact_copies_status_check CHECK (status IN ('good', 'pending', 'damaged', 'deleted')),
    ADD COLUMN attempts        integer NOT NULL DEFAULT 0,
    ADD COLUMN next_attempt_at timestamptz,
    ADD COLUMN problem         text,
    ADD COLUMN stored_at       timestamptz;
UPDATE ops.artifact_copies SET stored_at = now() WHERE status = 'good';
CREATE INDEX artifact_copies_wanting ON ops.artifact_copies (next_attempt_at) WHERE status IN ('pending', 'damaged');

-- The operation 'replicate' makes a copy.
ALTER TABLE ops.runs DROP CONSTRAINT runs_operation_type_check;
ALTER TABLE ops.runs ADD CONSTRAINT runs_operation_type_check
    CHECK (operation_type IN ('backup', 'restore', 'verify', 'validate', 'prune', 'discard', 'replicate'));

-- 'system' asks for what nobody asks for: schedules and sweeps.
INSERT INTO ops.memberships VALUES ('system', '*', 'admin');
CREATE OR REPLACE FUNCTION ops.user_has_permission(p_user_id text, p_project_id text, p_action text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (
        SELECT FROM ops.memberships m
        WHERE m.user_id = p_user_id
          AND m.project_id IN (p_project_id, '*')
          AND p_action = ANY (CASE m.role
                WHEN 'viewer'   THEN ARRAY['view']
                WHEN 'operator' THEN ARRAY['view', 'backup', 'verify', 'validate', 'replicate']
                WHEN 'restorer' THEN ARRAY['view', 'backup', 'verify', 'validate', 'replicate', 'restore']
                WHEN 'admin'    THEN ARRAY['view', 'backup', 'verify', 'validate', 'replicate', 'restore', 'prune']
              END)) $$;
