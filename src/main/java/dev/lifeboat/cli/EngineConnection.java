package dev.lifeboat.cli;

import java.io.IOException;

/** The engine as a command has it: it may go away in the middle, and another take its place. */
interface EngineConnection {
    /** The engine that answers now. */
    ApiClient api();

    /**
     * Told that the engine stopped answering; returns when {@link #api} answers again.
     *
     * @throws IOException {@code cause}, where there is nobody else to ask
     */
    void lost(IOException cause) throws IOException, InterruptedException;

    /** Whether the engine is this very process, and ends with it. */
    boolean isOwn();

    /** The command ends now, also where runs go on. */
    void leave();
}
