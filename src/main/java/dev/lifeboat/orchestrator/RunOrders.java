package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.run.Operation;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Arrays;
import java.util.Optional;

/** Begins runs from orders that are data: the members are those of the bodies that the API takes for the same operation. */
@ApplicationScoped
public class RunOrders {
    private final Operations operations;
    private final Rollbacks rollbacks;

    RunOrders(Operations operations, Rollbacks rollbacks) {
        this.operations = operations;
        this.rollbacks = rollbacks;
    }

    private record Drill(String artifact, String store) {}

    private record Validation(Boolean deep) {}

    private record Prune(Boolean dryRun) {}

    /**
     * The operation of that name.
     *
     * @throws FaultException BAD_INPUT where there is none that can be ordered in an environment
     */
    public static Operation operation(String wireName) {
        return Arrays.stream(Operation.values())
                .filter(operation -> operation.wireName().equals(wireName))
                .filter(RunOrders::isOrdered)
                .findFirst()
                .orElseThrow(() -> Fault.of(
                                FaultCode.BAD_INPUT,
                                "'" + wireName + "' is nothing that can be begun so; nothing was begun",
                                "Use backup, restore, restore_tables, drill, validate, prune or rollback.")
                        .toException());
    }

    private static boolean isOrdered(Operation operation) {
        return switch (operation) {
            case BACKUP, RESTORE, RESTORE_TABLES, DRILL, VALIDATE, PRUNE, ROLLBACK -> true;
            case VERIFY, DISCARD, REPLICATE, IMPORT, DEPLOYMENT -> false;
        };
    }

    /**
     * Begins a run, by the same rules as the API; gives its id.
     *
     * @param order what is left out has its default
     * @throws FaultException BAD_INPUT where a member is not known or has no value that it can have; and what {@link Operations} throws
     * @throws dev.lifeboat.fault.RefusedException as {@link Operations}
     */
    public String begin(Operation operation, EnvironmentId environment, ObjectNode order, String user) {
        return switch (operation) {
            case BACKUP -> operations.backup(environment, read(order, BackupOrder.class), user);
            case RESTORE -> operations.restore(environment, read(order, RestoreOrder.class), user);
            case RESTORE_TABLES -> operations.restoreTables(environment, read(order, TablesRestoreOrder.class), user);
            case DRILL -> {
                Drill drill = read(order, Drill.class);
                yield operations.drill(
                        environment, Optional.ofNullable(drill.artifact()), Optional.ofNullable(drill.store()), user);
            }
            case VALIDATE ->
                Boolean.TRUE.equals(read(order, Validation.class).deep())
                        ? operations.validateDeeply(environment, user)
                        : operations.validate(environment, user);
            case PRUNE ->
                operations.prune(
                        environment,
                        Boolean.TRUE.equals(read(order, Prune.class).dryRun()),
                        user);
            case ROLLBACK -> rollbacks.begin(environment, read(order, RollbackOrder.class), user);
            case VERIFY, DISCARD, REPLICATE, IMPORT, DEPLOYMENT ->
                throw new IllegalArgumentException(operation + " is not ordered");
        };
    }

    private static <T> T read(ObjectNode order, Class<T> type) {
        try {
            return Json.convert(order, type);
        } catch (IllegalArgumentException e) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "the order has a member that is not known, or a value that can't be; nothing was begun",
                            "Its members are those of the API's body for the same operation: see /q/openapi of an engine.")
                    .with(
                            "problem",
                            String.valueOf(e.getMessage()).lines().findFirst().orElse(""))
                    .toException(e);
        }
    }
}
