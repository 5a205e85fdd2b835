package dev.lifeboat.access;

import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who looks after a project gives and takes rights there: members and API tokens, for API, console and command line alike. Nobody
 * gives more than they have. Each decision is written down.
 */
@ApplicationScoped
public class Administration {
    /** A token lives no longer than so many days. */
    public static final int MOST_DAYS = 730;

    /** How many days a token lives where nothing is said. */
    public static final int USUAL_DAYS = 90;

    private final Access access;
    private final Accounts accounts;
    private final EnvironmentCatalogue environments;

    Administration(Access access, Accounts accounts, EnvironmentCatalogue environments) {
        this.access = access;
        this.accounts = accounts;
        this.environments = environments;
    }

    /**
     * What a token is to be.
     *
     * @param name what will use it
     * @param project where it may; {@code *}: in all projects
     * @param actions what it may; none: all that the caller may there
     * @param days how long it lives; empty: {@value #USUAL_DAYS}
     * @param user whose rights it has at most; empty: the caller's
     */
    public record TokenOrder(
            String name, String project, List<Action> actions, Optional<Integer> days, Optional<String> user) {}

    /** The projects that a caller looks after; {@code *} among them: all of them. */
    public Set<String> projects(Caller caller) {
        var projects = new TreeSet<String>(access.projects(caller, Action.ADMINISTER));
        if (access.may(caller, Action.ADMINISTER, Access.ALL)) {
            projects.add(Access.ALL);
        }
        return projects;
    }

    /** The tokens of the projects that a caller looks after, the newest first; never their secrets. */
    public List<Accounts.Token> tokens(Caller caller) {
        Set<String> projects = projects(caller);
        return accounts.tokens().stream()
                .filter(token -> projects.contains(token.projectId()))
                .toList();
    }

    /**
     * Makes an API token.
     *
     * @throws FaultException PERMISSION_DENIED, also where it would be given more than the caller may; UNKNOWN_PROJECT; BAD_INPUT
     */
    public Accounts.NewToken create(Caller by, TokenOrder order) {
        String project = known(order.project());
        String request = "token '" + order.name() + "'";
        access.require(by, Action.ADMINISTER, project, request);
        List<Action> actions = order.actions().isEmpty()
                ? Arrays.stream(Action.values())
                        .filter(action -> access.may(by, action, project))
                        .toList()
                : order.actions();
        if (actions.stream().anyMatch(Objects::isNull)) {
            throw Fault.of(FaultCode.BAD_INPUT, "an action is null", "Name the actions, or leave 'actions' out.")
                    .toException();
        }
        actions.forEach(action -> access.require(by, action, project, request));
        int days = order.days().orElse(USUAL_DAYS);
        if (days < 1 || days > MOST_DAYS) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "a token lives between 1 and " + MOST_DAYS + " days, not " + days,
                            "Ask for {\"days\": " + USUAL_DAYS + "}; make another one before it ends.")
                    .toException();
        }
        Instant wanted = Instant.now().plus(Duration.ofDays(days));
        // A token that could outlive itself by way of another one would not expire.
        Instant until = accounts.expiry(by).filter(wanted::isAfter).orElse(wanted);
        return accounts.newToken(
                order.name(), order.user().orElseGet(() -> accounts.person(by)), project, actions, until, by.user());
    }

    /**
     * Ends an API token of a project that the caller looks after, and the sessions that were begun with it.
     *
     * @throws FaultException UNKNOWN_TOKEN, PERMISSION_DENIED
     */
    public Accounts.Token revoke(Caller by, String tokenId) {
        access.require(by, Action.ADMINISTER, accounts.token(tokenId).projectId(), "revocation of " + tokenId);
        accounts.revoke(tokenId);
        return accounts.token(tokenId);
    }

    /**
     * Whether a token is a caller's own to end. Who holds nothing but a token can end that one alone: one that was stolen must not
     * stop what the others of its user do.
     */
    public boolean isOwn(Caller caller, Accounts.Token token) {
        return caller.user().startsWith(Caller.TOKEN_PREFIX)
                ? caller.user().equals(Caller.TOKEN_PREFIX + token.tokenId())
                : caller.user().equals(token.userId());
    }

    /**
     * Ends a token of the caller's own, whatever they may besides.
     *
     * @throws FaultException UNKNOWN_TOKEN, PERMISSION_DENIED where it is not theirs to end
     */
    public void revokeOwn(Caller by, String tokenId) {
        Accounts.Token token = accounts.token(tokenId);
        boolean own = isOwn(by, token);
        accounts.decided(by, Action.VIEW, token.projectId(), own, "revocation of own " + tokenId);
        if (!own) {
            throw Access.denied("the token '" + tokenId + "' is not one that '" + by.user() + "' can end as their own");
        }
        accounts.revoke(tokenId);
    }

    /** The members of the projects that a caller looks after. */
    public List<Accounts.Member> members(Caller caller) {
        Set<String> projects = projects(caller);
        return accounts.members().stream()
                .filter(member -> projects.contains(member.projectId()))
                .toList();
    }

    /**
     * Gives a user a role in a project, or takes it away.
     *
     * @param role empty: none any more
     * @throws FaultException PERMISSION_DENIED, UNKNOWN_PROJECT, BAD_INPUT
     */
    public void setMember(Caller by, String user, String project, Optional<Role> role) {
        String where = known(project);
        access.require(by, Action.ADMINISTER, where, "role of '" + user + "'");
        if (user == null) {
            throw Fault.of(FaultCode.BAD_INPUT, "no user is named", "Send {\"user\": …, \"project\": …, \"role\": …}.")
                    .toException();
        }
        role.ifPresentOrElse(given -> accounts.setMember(user, where, given), () -> accounts.removeMember(user, where));
    }

    private String known(String named) {
        boolean known = named != null
                && (named.equals(Access.ALL)
                        || environments.all().stream()
                                .map(EnvironmentId::project)
                                .anyMatch(named::equals));
        if (!known) {
            throw Fault.of(
                            FaultCode.UNKNOWN_PROJECT,
                            "there is no project '" + named + "'",
                            "Name one of the configuration, or * for all.")
                    .toException();
        }
        return named;
    }
}
