-- The operation 'restore_tables' brings rows of chosen tables back into the live database. What the constraint allows
-- already stays allowed, whatever that is.
DO $$
DECLARE
    allowed text := pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = 'ops.runs'::regclass AND conname = 'runs_operation_type_check';
BEGIN
    ALTER TABLE ops.runs DROP CONSTRAINT runs_operation_type_check;
    EXECUTE 'ALTER TABLE ops.runs ADD CONSTRAINT runs_operation_type_check '
        || replace(allowed, '''drill''::text', '''drill''::text, ''restore_tables''::text');
END
$$;

-- It is exclusive, as those that the index binds already are.
DO $$
DECLARE
    bound text := pg_get_indexdef('ops.runs_one_active'::regclass);
BEGIN
    DROP INDEX ops.runs_one_active;
    EXECUTE replace(bound, '''restore''::text', '''restore''::text, ''restore_tables''::text');
END
$$;
