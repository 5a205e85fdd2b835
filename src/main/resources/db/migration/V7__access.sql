-- Who may do what. A caller is a user, or an API token: 'token:<id>' acts as the token's user, within the token's project
-- and actions, as long as it is neither expired nor revoked. Secrets are kept as their SHA-256 only; they have 256 random
-- bits, so a slow hash would protect nothing more.

ALTER FUNCTION ops.user_has_permission(text, text, text) RENAME TO member_has_permission;
ALTER TABLE ops.memberships ADD CONSTRAINT memberships_user CHECK (user_id !~ '^token:');

CREATE TABLE ops.api_tokens (
    token_id      text PRIMARY KEY DEFAULT 'tk_' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 10),
    name          text NOT NULL,
    user_id       text NOT NULL CHECK (user_id !~ '^token:'),
    project_id    text NOT NULL,
    actions       text[] NOT NULL CHECK (cardinality(actions) > 0),
    secret_sha256 text NOT NULL UNIQUE,
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    last_used_at  timestamptz
);

-- Lets its finder log in to the console once.
CREATE TABLE ops.login_codes (
    code_sha256 text PRIMARY KEY,
    user_id     text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);

CREATE TABLE ops.sessions (
    secret_sha256 text PRIMARY KEY,
    user_id       text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL
);

-- Decisions: every refusal, every change that was let in, every login. A run's own stand among its events too.
CREATE TABLE ops.access_events (
    event_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    user_id    text NOT NULL,
    action     text NOT NULL,
    project_id text NOT NULL,
    decision   text NOT NULL CHECK (decision IN ('granted', 'denied')),
    request    text NOT NULL,
    address    text NOT NULL
);
CREATE INDEX access_events_by_time ON ops.access_events (created_at DESC);

CREATE FUNCTION ops.user_has_permission(p_user_id text, p_project_id text, p_action text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    WITH caller AS (
        SELECT t.user_id FROM ops.api_tokens t
        WHERE p_user_id = 'token:' || t.token_id
          AND t.revoked_at IS NULL AND t.expires_at > now()
          AND t.project_id IN (p_project_id, '*') AND p_action = ANY (t.actions)
        UNION ALL
        SELECT p_user_id WHERE p_user_id !~ '^token:'
    )
    SELECT EXISTS (
        SELECT FROM caller c
        WHERE ops.member_has_permission(c.user_id, p_project_id, p_action)
           OR (p_action = 'administer' AND EXISTS (
                   SELECT FROM ops.memberships m
                   WHERE m.user_id = c.user_id AND m.project_id IN (p_project_id, '*') AND m.role = 'admin')))
    $$;
