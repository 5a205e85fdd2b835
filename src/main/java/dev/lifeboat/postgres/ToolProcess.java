package dev.lifeboat.postgres;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.process.Inherited;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Starts PostgreSQL's programs. */
final class ToolProcess {
    private ToolProcess() {}

    /**
     * Starts a program.
     *
     * @throws dev.lifeboat.fault.FaultException PG_TOOLS_MISSING where it can't be started
     */
    static ChildProcess start(List<String> command, Map<String, String> environment) {
        try {
            return ChildProcess.start(
                    new ChildProcess.Spec(command, environment, Optional.empty(), Inherited.POSTGRES));
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.PG_TOOLS_MISSING,
                            command.getFirst() + " can't be started; nothing was changed",
                            "See that the program is there and may be run, or configure the folder of PostgreSQL's"
                                    + " programs.")
                    .with("tool_output", e.getMessage())
                    .toException(e);
        }
    }
}
