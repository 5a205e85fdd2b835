package dev.lifeboat.sidecar;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.filestore.FolderSwap;
import dev.lifeboat.filestore.Trees;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.DatabaseLoader;
import dev.lifeboat.postgres.DatabaseServer;
import dev.lifeboat.postgres.DatabaseSwap;
import dev.lifeboat.step.EvidenceFile;
import dev.lifeboat.store.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The places of one restore: the names beside the live database and filestore, the journals of the swaps, and what was
 * proved of the new things, which a later attempt may have to tell. All of it bears the run's id.
 */
final class RestoreSite {
    private final Bindings bindings;
    private final String tag;
    private final Path work;
    private final DatabaseServer server;

    /**
     * The site of a run.
     *
     * @param dataFolder where the journals are
     */
    RestoreSite(Bindings bindings, String runId, Path dataFolder) {
        this.bindings = bindings;
        this.tag = runId.replaceFirst("^run_", "").toLowerCase(Locale.ROOT).replace('-', '_');
        this.work = dataFolder.toAbsolutePath().normalize().resolve("work").resolve(runId);
        this.server = new DatabaseServer(bindings.database());
    }

    Bindings bindings() {
        return bindings;
    }

    DatabaseServer server() {
        return server;
    }

    /** The hidden name of the database that is loaded. */
    String newDatabase() {
        return DatabaseLoader.newName(tag, 1);
    }

    /** The hidden name of the copy that Odoo itself is run on. */
    String copyOfNewDatabase() {
        return DatabaseLoader.newName(tag, 2);
    }

    /** Removes what that Odoo has kept of the copy, in the folder that bears its name. */
    void removeFilestoreOfCopy() {
        try {
            Trees.remove(bindings.filestore().resolveSibling(copyOfNewDatabase()));
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    /** The hidden name of the database that is moved aside. */
    String displacedDatabase() {
        return DatabaseLoader.oldName(tag);
    }

    DatabaseSwap databases() {
        return new DatabaseSwap(server, work.resolve("database-swap.json"));
    }

    FolderSwap folders() {
        return new FolderSwap(bindings.filestore(), tag, work.resolve("filestore-swap.json"));
    }

    /** What an import has unpacked here, in the place of the environment's own database and filestore. */
    Bindings unpacked() {
        DatabaseBinding live = bindings.database();
        return bindings.at(
                new DatabaseBinding(
                        live.host(), live.port(), newDatabase(), live.user(), live.password(), live.sslMode()),
                folders().fresh());
    }

    /** A file of this run's own. */
    Path workFile(String name) throws IOException {
        DurableFiles.createFolders(work);
        return work.resolve(name);
    }

    /** Keeps what was proved, before the swap: after it, it can't be proved any more. */
    void keep(String part, List<EvidenceFile> proof) {
        try {
            DurableFiles.replace(
                    workFile(part + "-proof.json"), Json.pretty(proof).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    /** Whether something was kept. */
    boolean hasKept(String part) {
        return Files.exists(work.resolve(part + "-proof.json"));
    }

    /** What was kept. */
    List<EvidenceFile> kept(String part) {
        try {
            return Json.mapper().readValue(Files.readString(workFile(part + "-proof.json")), new TypeReference<>() {});
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    /** The value that stands in a file that was kept. */
    <T> T read(EvidenceFile file, Class<T> type) {
        try {
            return Json.mapper().readValue(file.content(), type);
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    /** Forgets all intents and proofs: the restore is over. */
    void forget() {
        try {
            Trees.remove(work);
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    private RuntimeException unusable(IOException e) {
        return Fault.of(
                        FaultCode.SWAP_FAILED,
                        "the restore's own files in " + work + " can't be used: " + e.getMessage(),
                        "Look at the data folder's disk; the run goes on from where it was.")
                .toException(e);
    }
}
