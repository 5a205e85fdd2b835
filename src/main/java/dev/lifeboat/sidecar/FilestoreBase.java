package dev.lifeboat.sidecar;

import dev.lifeboat.artifact.ArtifactFolder;
import dev.lifeboat.artifact.ArtifactId;
import dev.lifeboat.artifact.ArtifactLibrary;
import dev.lifeboat.artifact.KnownArtifact;
import dev.lifeboat.artifact.Manifest.FileEntry;
import dev.lifeboat.artifact.Manifest.FilestoreEntry;
import dev.lifeboat.artifact.Manifest.Part;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.filestore.FilestoreArchiver;
import dev.lifeboat.filestore.FilestoreIndex;
import dev.lifeboat.store.ArtifactStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The earlier artifact whose files an archive refers to instead of holding them again, or none, and why. An artifact will do
 * where it and every part that it needs are in each store that answers, so that the new one is whole in each of them.
 *
 * @param artifact the earlier artifact
 * @param reason why this one, or why none
 */
record FilestoreBase(Optional<OpenArtifact> artifact, String reason) {
    /** Beyond this share of bytes that nothing refers to any more, the parts are given up for one new one. */
    static final double MOST_DEAD = 0.5;

    /** Every part is opened in a restore, and is checked before each backup. */
    static final int MOST_PARTS = 100;

    private static final Set<FaultCode> NO_ANSWER =
            EnumSet.of(FaultCode.STORE_UNREACHABLE, FaultCode.STORE_READ_FAILED);

    static FilestoreBase choose(Task.ArchiveFilestore task, List<ArtifactStore> stores, ArtifactLibrary library) {
        if (task.bases().isEmpty()) {
            return none("there is no earlier backup to refer to, or a full filestore was asked for");
        }
        var why = new ArrayList<String>();
        for (String candidate : task.bases()) {
            Optional<String> against = Optional.empty();
            try {
                OpenArtifact artifact =
                        library.open(KnownArtifact.of(new ArtifactId(task.environment(), candidate)), stores);
                against = against(artifact, stores);
                if (against.isEmpty()) {
                    FilestoreEntry filestore = artifact.manifest().filestore().orElseThrow();
                    double dead = dead(filestore);
                    if (dead > MOST_DEAD) {
                        return none(Math.round(100 * dead) + "% of what the parts of " + candidate
                                + " hold is not referred to any more");
                    }
                    if (filestore.parts().size() >= MOST_PARTS) {
                        return none(candidate + " has " + filestore.parts().size() + " parts");
                    }
                    if (isWhole(artifact)) {
                        return new FilestoreBase(
                                Optional.of(artifact), "the newest backup that each store that answers has whole");
                    }
                    against = Optional.of("its index is damaged");
                }
            } catch (FaultException e) {
                against = Optional.of(e.fault().message());
            }
            why.add(candidate + ": " + against.get());
        }
        return none("no earlier backup can be referred to: " + String.join("; ", why));
    }

    /** The artifact's id. */
    Optional<String> artifactId() {
        return artifact.map(open -> open.id().id());
    }

    /** What the archiver needs to know; its index is opened. */
    Optional<FilestoreArchiver.Base> forArchiver() {
        return artifact.map(open -> new FilestoreArchiver.Base(
                index(open),
                open.manifest().filestore().orElseThrow().parts().stream()
                        .map(part -> new FilestoreIndex.PartRef(part.artifactId(), part.path()))
                        .toList()));
    }

    /** The parts of the new artifact: those of the base that are still used, and the own one. */
    List<Part> parts(FilestoreArchiver.Result result, FileEntry own) {
        Map<FilestoreIndex.PartRef, Part> known = new HashMap<>();
        artifact.ifPresent(open -> open.manifest()
                .filestore()
                .orElseThrow()
                .parts()
                .forEach(part -> known.put(new FilestoreIndex.PartRef(part.artifactId(), part.path()), part)));
        var parts = new ArrayList<Part>();
        for (FilestoreArchiver.PartUse use : result.uses()) {
            Part part = known.get(use.part());
            parts.add(
                    part == null
                            ? new Part(
                                    use.part().artifactId(),
                                    own.path(),
                                    own.size(),
                                    own.sha256(),
                                    use.bytes(),
                                    use.bytes())
                            : new Part(
                                    part.artifactId(),
                                    part.path(),
                                    part.size(),
                                    part.sha256(),
                                    part.contentBytes(),
                                    use.bytes()));
        }
        return List.copyOf(parts);
    }

    private static FilestoreBase none(String reason) {
        return new FilestoreBase(Optional.empty(), reason);
    }

    /** What speaks against an artifact; a store that does not answer does not: it gets its copy later, with what that needs. */
    private static Optional<String> against(OpenArtifact artifact, List<ArtifactStore> stores) {
        Optional<FilestoreEntry> filestore = artifact.manifest().filestore();
        if (filestore.isEmpty()) {
            return Optional.of("it has no filestore");
        }
        for (ArtifactStore store : stores) {
            try {
                if (!new ArtifactFolder(store, artifact.id()).isCommitted()) {
                    return Optional.of("store '" + store.name() + "' does not have it");
                }
                for (Part part : filestore.get().parts()) {
                    var key = new ArtifactId(artifact.id().environment(), part.artifactId()).path(part.path());
                    if (store.find(key)
                            .filter(found -> found.size() == part.size())
                            .isEmpty()) {
                        return Optional.of("store '" + store.name() + "' does not have its part " + key);
                    }
                }
            } catch (FaultException e) {
                if (!NO_ANSWER.contains(e.fault().code())) {
                    throw e;
                }
            }
        }
        return Optional.empty();
    }

    private static double dead(FilestoreEntry filestore) {
        long held = filestore.parts().stream().mapToLong(Part::contentBytes).sum();
        return held == 0 ? 0 : 1 - (double) filestore.contentBytes() / held;
    }

    /** An index that breaks off in the middle would end the backup. */
    private static boolean isWhole(OpenArtifact artifact) {
        String path = artifact.manifest().filestore().orElseThrow().index();
        String said = artifact.manifest().files().stream()
                .filter(file -> file.path().equals(path))
                .findFirst()
                .orElseThrow()
                .sha256();
        try (InputStream in = index(artifact)) {
            return Hashes.sha256(in).equals(said);
        } catch (IOException e) {
            return false;
        }
    }

    private static InputStream index(OpenArtifact artifact) {
        return artifact.open(artifact.manifest().filestore().orElseThrow().index(), 0);
    }
}
