-- A session has a name that is no secret, so that its user can see it among others and end it; and says where it was begun.
ALTER TABLE ops.sessions
    ADD COLUMN session_id text NOT NULL DEFAULT 'se_' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 10),
    ADD COLUMN address    text NOT NULL DEFAULT 'unknown';
CREATE UNIQUE INDEX sessions_by_name ON ops.sessions (session_id);
CREATE INDEX sessions_by_user ON ops.sessions (user_id);
