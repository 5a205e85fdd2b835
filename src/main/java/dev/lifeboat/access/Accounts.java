package dev.lifeboat.access;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.hibernate.Session;

/** Users' roles, API tokens, login codes and sessions, as the state holds them: of secrets only their SHA-256. */
@ApplicationScoped
public class Accounts {
    private static final Pattern USER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}");
    private static final Duration CODE_LIVES = Duration.ofMinutes(15);
    private static final Duration SESSION_LIVES = Duration.ofHours(12);
    private static final Duration SESSION_IDLES = Duration.ofHours(2);
    /** Makes a token that was lost in a file or a log easy to find. */
    private static final String TOKEN_BEGINS = "lifeboat_";

    private static final String TOKENS =
            "SELECT token_id, name, user_id, project_id, array_to_string(actions, ','), created_by, created_at, expires_at,"
                    + " revoked_at, last_used_at FROM ops.api_tokens";

    /** Sessions of the person who is the first parameter, under their name or by one of their tokens. */
    private static final String OF_PERSON =
            "(user_id = ?1 OR user_id IN (SELECT 'token:' || token_id FROM ops.api_tokens WHERE user_id = ?1))";

    private final Instance<Session> sessions;

    Accounts(Instance<Session> sessions) {
        this.sessions = sessions;
    }

    /**
     * An API token; its secret is not kept.
     *
     * @param projectId where it may; {@code *}: in all projects
     * @param revokedAt null: it was not revoked
     * @param lastUsedAt to the minute; null: never
     */
    public record Token(
            String tokenId,
            String name,
            String userId,
            String projectId,
            List<String> actions,
            String createdBy,
            Instant createdAt,
            Instant expiresAt,
            Instant revokedAt,
            Instant lastUsedAt) {}

    /** A token that was just made; {@code secret} is shown this once. */
    public record NewToken(String secret, Token token) {}

    /** A secret and until when it is good. */
    public record Issued(String secret, Instant expiresAt) {}

    /** The role of a user in a project; {@code *} stands for all projects. */
    public record Member(String userId, String projectId, String role) {}

    /**
     * A session of the console; its secret is not kept.
     *
     * @param userId whose it is, or {@code token:<id>} where it was begun with a token
     * @param address where it was begun
     * @param lastSeenAt to the minute
     */
    public record ConsoleSession(
            String sessionId,
            String userId,
            String address,
            Instant createdAt,
            Instant lastSeenAt,
            Instant expiresAt) {}

    /**
     * A decision that was written down.
     *
     * @param id grows with time
     * @param action what was asked for; {@code login} for a login
     * @param projectId where; {@code *}: in all projects
     * @param decision granted or denied
     * @param request the request, in words or as it came
     */
    public record Decision(
            long id,
            Instant at,
            String userId,
            String action,
            String projectId,
            String decision,
            String request,
            String address) {}

    /**
     * Which decisions are asked for; what is empty binds nothing.
     *
     * @param user a part of the user's name
     * @param before those that are older than the one of this id
     */
    public record DecisionFilter(
            Optional<String> user, Optional<String> action, Optional<String> decision, Optional<Long> before) {}

    /** The user behind an API token's secret; empty where there is no such token, or none any more. */
    @Transactional
    public Optional<String> userOfToken(String secret) {
        if (!secret.startsWith(TOKEN_BEGINS)) {
            return Optional.empty();
        }
        Optional<String> token = first("""
                SELECT token_id FROM ops.api_tokens
                WHERE secret_sha256 = ?1 AND revoked_at IS NULL AND expires_at > now()""", Secrets.sha256(secret));
        token.ifPresent(id ->
                entities().createNativeMutationQuery("""
                UPDATE ops.api_tokens SET last_used_at = now()
                WHERE token_id = ?1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')""").setParameter(1, id).executeUpdate());
        return token.map(id -> Caller.TOKEN_PREFIX + id);
    }

    /** The user of a session; empty where it is over, or its token is. */
    @Transactional
    public Optional<String> userOfSession(String secret) {
        String sha256 = Secrets.sha256(secret);
        Optional<String> user = first("""
                SELECT s.user_id FROM ops.sessions s
                WHERE s.secret_sha256 = ?1 AND s.expires_at > now() AND s.last_seen_at > now() - make_interval(secs => %d)
                  AND (s.user_id !~ '^token:' OR EXISTS (
                          SELECT FROM ops.api_tokens t
                          WHERE 'token:' || t.token_id = s.user_id AND t.revoked_at IS NULL AND t.expires_at > now()))""".formatted(SESSION_IDLES.toSeconds()), sha256);
        user.ifPresent(id -> entities()
                .createNativeMutationQuery("""
                UPDATE ops.sessions SET last_seen_at = now()
                WHERE secret_sha256 = ?1 AND last_seen_at < now() - interval '1 minute'""")
                .setParameter(1, sha256)
                .executeUpdate());
        return user;
    }

    /** What the forms of a session send back: only who has the session's secret can compute it. */
    public static String csrf(String sessionSecret) {
        return Secrets.sha256("csrf " + sessionSecret);
    }

    /** Makes a code that lets its holder log in once, within a quarter of an hour. */
    @Transactional
    public Issued newLoginCode(String user) {
        return issue(
                "INSERT INTO ops.login_codes (code_sha256, user_id, expires_at) VALUES (?1, ?2, ?3)", user, CODE_LIVES);
    }

    /** Whether a login code was ever made. */
    @Transactional
    public boolean everIssuedLoginCode() {
        return entities()
                .createNativeQuery("SELECT EXISTS (SELECT FROM ops.login_codes)", Boolean.class)
                .getSingleResult();
    }

    /**
     * Begins a session.
     *
     * @param credential a login code, which is used up, or an API token's secret
     * @param address where it is begun
     * @return the session's secret; empty where the credential is not good
     */
    @Transactional
    public Optional<Issued> login(String credential, String address) {
        Optional<String> user = first("""
                UPDATE ops.login_codes SET used_at = now()
                WHERE code_sha256 = ?1 AND used_at IS NULL AND expires_at > now() RETURNING user_id""", Secrets.sha256(credential)).or(() -> userOfToken(credential));
        return user.map(id -> newSession(id, address));
    }

    /** Begins a session of a user whom somebody else vouches for; {@code address} is where it is begun. */
    @Transactional
    public Issued newSession(String user, String address) {
        Issued session = issue(
                "INSERT INTO ops.sessions (secret_sha256, user_id, expires_at) VALUES (?1, ?2, ?3)",
                user,
                SESSION_LIVES);
        entities()
                .createNativeMutationQuery("UPDATE ops.sessions SET address = ?2 WHERE secret_sha256 = ?1")
                .setParameter(1, Secrets.sha256(session.secret()))
                .setParameter(2, address)
                .executeUpdate();
        return session;
    }

    /** The sessions of a person that go on, those that were begun with their tokens among them; the newest first. */
    @Transactional
    public List<ConsoleSession> sessions(String person) {
        return entities()
                .createNativeQuery(
                        "SELECT session_id, user_id, address, created_at, last_seen_at, expires_at"
                                + " FROM ops.sessions WHERE " + OF_PERSON + """
                          AND expires_at > now() AND last_seen_at > now() - make_interval(secs => ?2)
                        ORDER BY created_at DESC""",
                        Object[].class)
                .setParameter(1, person)
                .setParameter(2, (double) SESSION_IDLES.toSeconds())
                .getResultList()
                .stream()
                .map(row -> new ConsoleSession(
                        (String) row[0], (String) row[1], (String) row[2], (Instant) row[3], (Instant) row[4], (Instant)
                                row[5]))
                .toList();
    }

    /** Ends one session of a person; one that is not theirs, or is over, stays as it is. */
    @Transactional
    public void endSession(String person, String sessionId) {
        entities()
                .createNativeMutationQuery("DELETE FROM ops.sessions WHERE " + OF_PERSON + " AND session_id = ?2")
                .setParameter(1, person)
                .setParameter(2, sessionId)
                .executeUpdate();
    }

    /** Ends all sessions of a person, those that were begun with their tokens among them. */
    @Transactional
    public void endSessions(String person) {
        entities()
                .createNativeMutationQuery("DELETE FROM ops.sessions WHERE " + OF_PERSON)
                .setParameter(1, person)
                .executeUpdate();
    }

    /** Makes a secret of a user; what is kept of it is its SHA-256, by a statement that takes that, the user and the end. */
    private Issued issue(String insert, String user, Duration lives) {
        String secret = Secrets.make();
        Instant until = Instant.now().plus(lives);
        entities()
                .createNativeMutationQuery(insert)
                .setParameter(1, Secrets.sha256(secret))
                .setParameter(2, user)
                .setParameter(3, until)
                .executeUpdate();
        return new Issued(secret, until);
    }

    /** Gives a user whom an identity provider vouches for these roles by project, and takes all others away. */
    @Transactional
    void setRoles(String user, Map<String, Role> roles) {
        String[] projects = roles.keySet().toArray(String[]::new);
        entities()
                .createNativeMutationQuery("DELETE FROM ops.memberships WHERE user_id = ?1 AND project_id <> ALL (?2)")
                .setParameter(1, user)
                .setParameter(2, projects)
                .executeUpdate();
        // what is there as it should be is not written: a bearer comes with each request
        roles.forEach((project, role) -> entities()
                .createNativeMutationQuery("""
                INSERT INTO ops.memberships (user_id, project_id, role) VALUES (?1, ?2, ?3)
                ON CONFLICT (user_id, project_id) DO UPDATE SET role = excluded.role
                WHERE ops.memberships.role <> excluded.role""")
                .setParameter(1, user)
                .setParameter(2, project)
                .setParameter(3, role.wireName())
                .executeUpdate());
    }

    /** Ends a session. */
    @Transactional
    public void logout(String secret) {
        entities()
                .createNativeMutationQuery("DELETE FROM ops.sessions WHERE secret_sha256 = ?1")
                .setParameter(1, Secrets.sha256(secret))
                .executeUpdate();
    }

    /**
     * Makes an API token. The caller has checked who may.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where user or name are no good names; PERMISSION_DENIED where the user is one
     *     of Lifeboat's own and {@code by} is not the machine's owner: those lose no role, so that the token would outlast its maker's
     */
    @Transactional
    public NewToken newToken(
            String name, String user, String project, List<Action> actions, Instant expiresAt, String by) {
        checkUser(user);
        if (isOwn(user) && !by.equals(Caller.LOCAL_USER)) {
            throw Access.denied("'" + by + "' may not make a token that acts as '" + user + "', who is Lifeboat's own");
        }
        if (name == null || name.isBlank() || name.length() > 100) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "a token needs a name of at most 100 letters",
                            "Name what will use it: {\"name\": \"nightly backup\"}.")
                    .toException();
        }
        String secret = TOKEN_BEGINS + Secrets.make();
        String id = entities()
                .createNativeQuery("""
                INSERT INTO ops.api_tokens (name, user_id, project_id, actions, secret_sha256, created_by, expires_at)
                VALUES (?1, ?2, ?3, string_to_array(?4, ','), ?5, ?6, ?7) RETURNING token_id""", String.class)
                .setParameter(1, name)
                .setParameter(2, user)
                .setParameter(3, project)
                .setParameter(
                        4,
                        String.join(
                                ",",
                                actions.stream()
                                        .distinct()
                                        .map(Action::wireName)
                                        .toList()))
                .setParameter(5, Secrets.sha256(secret))
                .setParameter(6, by)
                .setParameter(7, expiresAt)
                .getSingleResult();
        return new NewToken(secret, token(id));
    }

    /** All tokens, the newest first, revoked and expired ones among them. */
    @Transactional
    public List<Token> tokens() {
        return entities()
                .createNativeQuery(TOKENS + " ORDER BY created_at DESC", Object[].class)
                .getResultList()
                .stream()
                .map(Accounts::read)
                .toList();
    }

    /**
     * One token.
     *
     * @throws dev.lifeboat.fault.FaultException UNKNOWN_TOKEN
     */
    @Transactional
    public Token token(String tokenId) {
        return entities()
                .createNativeQuery(TOKENS + " WHERE token_id = ?1", Object[].class)
                .setParameter(1, tokenId)
                .getResultList()
                .stream()
                .findFirst()
                .map(Accounts::read)
                .orElseThrow(() -> Fault.of(
                                FaultCode.UNKNOWN_TOKEN,
                                "there is no token '" + tokenId + "'",
                                "`lifeboat token list` lists those that there are.")
                        .toException());
    }

    /** Ends a token, and the sessions that were begun with it; one that was ended before stays so. */
    @Transactional
    public void revoke(String tokenId) {
        entities()
                .createNativeMutationQuery(
                        "UPDATE ops.api_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE token_id = ?1")
                .setParameter(1, tokenId)
                .executeUpdate();
    }

    /** The user a caller is: of a token, its user. */
    @Transactional
    public String person(Caller caller) {
        return caller.user().startsWith(Caller.TOKEN_PREFIX)
                ? token(caller.user().substring(Caller.TOKEN_PREFIX.length())).userId()
                : caller.user();
    }

    /** Until when a caller's own token is good; empty for a caller who has none. */
    @Transactional
    public Optional<Instant> expiry(Caller caller) {
        return caller.user().startsWith(Caller.TOKEN_PREFIX)
                ? Optional.of(token(caller.user().substring(Caller.TOKEN_PREFIX.length()))
                        .expiresAt())
                : Optional.empty();
    }

    /** All members of all projects. */
    @Transactional
    public List<Member> members() {
        return entities()
                .createNativeQuery(
                        "SELECT user_id, project_id, role FROM ops.memberships ORDER BY project_id, user_id",
                        Object[].class)
                .getResultList()
                .stream()
                .map(row -> new Member((String) row[0], (String) row[1], (String) row[2]))
                .toList();
    }

    /**
     * Gives a user a role in a project, in place of the one that they had there.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the user's name is not a good one, or one of Lifeboat's own
     */
    @Transactional
    public void setMember(String user, String project, Role role) {
        checkUser(user);
        refuseOwn(user);
        entities()
                .createNativeMutationQuery("""
                INSERT INTO ops.memberships (user_id, project_id, role) VALUES (?1, ?2, ?3)
                ON CONFLICT (user_id, project_id) DO UPDATE SET role = excluded.role""")
                .setParameter(1, user)
                .setParameter(2, project)
                .setParameter(3, role.wireName())
                .executeUpdate();
    }

    /** Takes a user's role in a project away. */
    @Transactional
    public void removeMember(String user, String project) {
        refuseOwn(user);
        entities()
                .createNativeMutationQuery("DELETE FROM ops.memberships WHERE user_id = ?1 AND project_id = ?2")
                .setParameter(1, user)
                .setParameter(2, project)
                .executeUpdate();
    }

    /** The projects that the state knows. */
    @Transactional
    public List<String> projects() {
        return entities()
                .createNativeQuery("SELECT project_id FROM ops.projects", String.class)
                .getResultList();
    }

    /** Those of some projects in which a user may do something, in one question. */
    @Transactional
    Set<String> permitted(String user, Collection<String> projects, Action action) {
        return Set.copyOf(entities()
                .createNativeQuery("""
                SELECT p.id FROM unnest(string_to_array(?1, ',')) AS p (id)
                WHERE ops.user_has_permission(?2, p.id, ?3)""", String.class)
                .setParameter(1, String.join(",", projects))
                .setParameter(2, user)
                .setParameter(3, action.wireName())
                .getResultList());
    }

    /**
     * Decisions on some projects, the newest first, at most so many.
     *
     * @param projects {@code *} among them: decisions on all projects at once
     */
    @Transactional
    public List<Decision> decisions(Collection<String> projects, DecisionFilter filter, int most) {
        return entities()
                .createNativeQuery("""
                SELECT event_id, created_at, user_id, action, project_id, decision, request, address
                FROM ops.access_events
                WHERE project_id = ANY (string_to_array(?1, ','))
                  AND (?2 = '' OR position(lower(?2) IN lower(user_id)) > 0)
                  AND (?3 = '' OR action = ?3) AND (?4 = '' OR decision = ?4) AND event_id < ?5
                ORDER BY event_id DESC LIMIT ?6""", Object[].class)
                .setParameter(1, String.join(",", projects))
                .setParameter(2, filter.user().orElse(""))
                .setParameter(3, filter.action().orElse(""))
                .setParameter(4, filter.decision().orElse(""))
                .setParameter(5, filter.before().orElse(Long.MAX_VALUE))
                .setParameter(6, most)
                .getResultList()
                .stream()
                .map(row -> new Decision(
                        (Long) row[0],
                        (Instant) row[1],
                        (String) row[2],
                        (String) row[3],
                        (String) row[4],
                        (String) row[5],
                        (String) row[6],
                        (String) row[7]))
                .toList();
    }

    /** Writes a decision down. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void decided(Caller caller, Action action, String project, boolean granted, String request) {
        note(caller.user(), action.wireName(), project, granted, request, caller.address());
    }

    /** Writes a login down. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void loggedIn(String user, boolean granted, String address) {
        note(user, "login", Access.ALL, granted, "POST /console/login", address);
    }

    private void note(String user, String action, String project, boolean granted, String request, String address) {
        entities()
                .createNativeMutationQuery("""
                INSERT INTO ops.access_events (user_id, action, project_id, decision, request, address)
                VALUES (?1, ?2, ?3, ?4, left(?5, 300), ?6)""")
                .setParameter(1, user)
                .setParameter(2, action)
                .setParameter(3, project)
                .setParameter(4, granted ? "granted" : "denied")
                .setParameter(5, request)
                .setParameter(6, address)
                .executeUpdate();
    }

    /** Removes what is over: sessions, and decisions of more than a year ago. */
    @Scheduled(every = "6h", delayed = "10m", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    @Transactional
    void clear() {
        entities()
                .createNativeMutationQuery("DELETE FROM ops.sessions WHERE expires_at < now()")
                .executeUpdate();
        entities()
                .createNativeMutationQuery(
                        "DELETE FROM ops.access_events WHERE created_at < now() - interval '400 days'")
                .executeUpdate();
    }

    private Optional<String> first(String sql, String value) {
        return entities().createNativeQuery(sql, String.class).setParameter(1, value).getResultList().stream()
                .findFirst();
    }

    private static void checkUser(String user) {
        if (user == null || !USER.matcher(user).matches()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + user + "' is no name that a user can have",
                            "Use at most 100 letters, digits and . _ @ + -, a letter or digit first.")
                    .toException();
        }
    }

    private static void refuseOwn(String user) {
        if (isOwn(user)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the role of '" + user
                                    + "' is Lifeboat's own: without it the machine's owner would be locked out",
                            "Give roles to other users.")
                    .toException();
        }
    }

    private static boolean isOwn(String user) {
        return user.equals(Caller.LOCAL_USER) || user.equals("system");
    }

    private static Token read(Object[] row) {
        return new Token(
                (String) row[0],
                (String) row[1],
                (String) row[2],
                (String) row[3],
                List.of(((String) row[4]).split(",", -1)),
                (String) row[5],
                (Instant) row[6],
                (Instant) row[7],
                (Instant) row[8],
                (Instant) row[9]);
    }

    /** Asked for when it is wanted: a sidecar has no state. */
    private Session entities() {
        return sessions.get();
    }
}
