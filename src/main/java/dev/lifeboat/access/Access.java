package dev.lifeboat.access;

import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.Operation;
import dev.lifeboat.run.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Decides what a caller may do, for API, console, functions and events alike, by {@code ops.user_has_permission}; and
 * writes each decision down.
 */
@ApplicationScoped
public class Access {
    /** Stands for all projects. */
    public static final String ALL = "*";

    private final RunStore runs;
    private final Accounts accounts;
    private final EnvironmentCatalogue environments;

    Access(RunStore runs, Accounts accounts, EnvironmentCatalogue environments) {
        this.runs = runs;
        this.accounts = accounts;
        this.environments = environments;
    }

    /** Whether a caller may; {@code project} may be {@link #ALL}. */
    public boolean may(Caller caller, Action action, String project) {
        return runs.hasPermission(caller.user(), project, action.wireName());
    }

    /** What a caller must be allowed to do to begin a run, and to ask one to stop. */
    public static Action toBegin(Operation operation) {
        return switch (operation) {
            case BACKUP, DEPLOYMENT -> Action.BACKUP;
            case RESTORE, RESTORE_TABLES, ROLLBACK, DISCARD, IMPORT -> Action.RESTORE;
            case VERIFY, DRILL -> Action.VERIFY;
            case VALIDATE -> Action.VALIDATE;
            case PRUNE -> Action.PRUNE;
            case REPLICATE -> Action.REPLICATE;
        };
    }

    /** The projects in which a caller may. */
    public Set<String> projects(Caller caller, Action action) {
        var projects = new TreeSet<String>(accounts.projects());
        environments.all().stream().map(EnvironmentId::project).forEach(projects::add);
        projects.retainAll(accounts.permitted(caller.user(), projects, action));
        return projects;
    }

    /** The configured environments that a caller may view. */
    public List<EnvironmentId> environments(Caller caller) {
        Set<String> projects = projects(caller, Action.VIEW);
        return environments.all().stream()
                .filter(environment -> projects.contains(environment.project()))
                .toList();
    }

    /**
     * Finds an environment by its name. The environments that there are are told only to who may see them.
     *
     * @throws FaultException UNKNOWN_ENVIRONMENT
     */
    public EnvironmentId environment(Caller caller, String name) {
        try {
            return environments.find(name);
        } catch (FaultException e) {
            throw may(caller, Action.VIEW, ALL)
                    ? e
                    : Fault.of(
                                    e.fault().code(),
                                    "there is no such environment",
                                    "Look at /api/v1/environments for those that you may see.")
                            .toException(e);
        }
    }

    /**
     * Lets a caller in, or not.
     *
     * @param request what is asked for, for the record
     * @throws FaultException PERMISSION_DENIED
     */
    public void require(Caller caller, Action action, String project, String request) {
        boolean granted = may(caller, action, project);
        if (action != Action.VIEW || !granted) {
            accounts.decided(caller, action, project, granted, request);
        }
        if (!granted) {
            throw denied("'" + caller.user() + "' may not " + action.wireName() + " in "
                    + (project.equals(ALL) ? "all projects" : "project " + project));
        }
    }

    /** Lets a caller in who may in some project, or not; as {@link #require}. */
    public void requireSomewhere(Caller caller, Action action, String request) {
        if (projects(caller, action).isEmpty() && !may(caller, action, ALL)) {
            accounts.decided(caller, action, ALL, false, request);
            throw denied("'" + caller.user() + "' may not " + action.wireName() + " in any project");
        }
    }

    static FaultException denied(String why) {
        return Fault.of(FaultCode.PERMISSION_DENIED, why, "Ask an admin of the project for a role or a token that may.")
                .toException();
    }
}
