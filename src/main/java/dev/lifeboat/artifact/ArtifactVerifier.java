package dev.lifeboat.artifact;

import dev.lifeboat.artifact.ArtifactVerification.FileCheck;
import dev.lifeboat.artifact.ArtifactVerification.State;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Reads every file of an artifact, and every part of other artifacts that it needs, and compares sizes and SHA-256 with the
 * manifest. All files are looked at, whatever the first one shows. Needs 256 KiB for each file read at once.
 */
public final class ArtifactVerifier {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final long REPORT_BYTES = 8L << 20;

    private final int parallelism;
    private final Clock clock;

    /** A verifier that reads as many files at once as this machine has processors. */
    public ArtifactVerifier() {
        this(Runtime.getRuntime().availableProcessors(), Clock.systemUTC());
    }

    ArtifactVerifier(int parallelism, Clock clock) {
        this.parallelism = parallelism;
        this.clock = clock;
    }

    /** Knows where other artifacts are. */
    public interface PartResolver {
        /** Where the artifact of that name is; empty where it is nowhere. */
        Optional<ArtifactFolder> find(String artifactId);

        /** Looks in the same store and environment, where incrementals and their parts are together. */
        static PartResolver besides(ArtifactFolder folder) {
            return id -> Optional.of(new ArtifactFolder(
                    folder.store(), new ArtifactId(folder.id().environment(), id)));
        }
    }

    /**
     * Verifies one copy of an artifact.
     *
     * @param folder the copy
     * @param signed its manifest, read and checked
     * @param parts finds the other artifacts that an incremental needs
     * @param progress is told bytes and files
     * @return what was found; a damaged artifact is a result, not an exception
     * @throws dev.lifeboat.fault.FaultException STORE_* where the store as a whole does not answer; CANCELLED where the thread
     *     was interrupted
     */
    public ArtifactVerification verify(
            ArtifactFolder folder, SignedManifest signed, PartResolver parts, Progress progress) {
        List<Wanted> wanted = own(folder, signed);
        signed.manifest().filestore().ifPresent(filestore -> {
            for (Manifest.Part part : filestore.parts()) {
                if (!part.artifactId().equals(signed.manifest().artifactId())) {
                    wanted.add(new Wanted(
                            part.artifactId(), parts.find(part.artifactId()), part.path(), part.size(), part.sha256()));
                }
            }
        });
        return verify(folder, signed, wanted, progress);
    }

    /** Verifies the files in the artifact's own folder alone: what it needs of others is verified with these. */
    public ArtifactVerification verifyOwnFiles(ArtifactFolder folder, SignedManifest signed, Progress progress) {
        return verify(folder, signed, own(folder, signed), progress);
    }

    private static List<Wanted> own(ArtifactFolder folder, SignedManifest signed) {
        var wanted = new ArrayList<Wanted>();
        for (Manifest.FileEntry file : ManifestCodec.files(signed.manifest())) {
            wanted.add(new Wanted(
                    signed.manifest().artifactId(), Optional.of(folder), file.path(), file.size(), file.sha256()));
        }
        return wanted;
    }

    private ArtifactVerification verify(
            ArtifactFolder folder, SignedManifest signed, List<Wanted> wanted, Progress progress) {
        Instant started = clock.instant();
        Manifest manifest = signed.manifest();
        progress.phase("verify");
        progress.expect(wanted.stream().mapToLong(Wanted::size).sum(), wanted.size());
        List<FileCheck> checks = checkAll(wanted, progress);
        return new ArtifactVerification(
                manifest.artifactId(),
                folder.store().name(),
                checks.stream().allMatch(FileCheck::ok),
                signed.sha256(),
                signed.keyId(),
                signed.note(),
                started,
                clock.instant(),
                checks.stream()
                        .mapToLong(check -> check.actualSize().orElse(0L))
                        .sum(),
                checks,
                extra(folder, manifest));
    }

    private record Wanted(String artifactId, Optional<ArtifactFolder> folder, String path, long size, String sha256) {}

    private List<FileCheck> checkAll(List<Wanted> wanted, Progress progress) {
        var checks = new ArrayList<FileCheck>();
        ExecutorService executor = Executors.newFixedThreadPool(
                Math.max(1, Math.min(parallelism, wanted.size())),
                Thread.ofPlatform().daemon().name("verify-", 0).factory());
        try {
            List<Future<FileCheck>> running = wanted.stream()
                    .map(file -> executor.submit(() -> check(file, progress)))
                    .toList();
            for (Future<FileCheck> result : running) {
                checks.add(result.get());
            }
            return List.copyOf(checks);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof FaultException fault
                    ? fault
                    : new IllegalStateException("a verification broke", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(
                            FaultCode.CANCELLED,
                            "The verification was cancelled; nothing was changed",
                            "Run it again when wanted.")
                    .toException(e);
        } finally {
            executor.shutdownNow();
        }
    }

    private static FileCheck check(Wanted file, Progress progress) {
        if (file.folder().isEmpty()) {
            return result(file, State.MISSING, null, null, "artifact " + file.artifactId() + " is nowhere to be found");
        }
        ArtifactFolder folder = file.folder().get();
        long size = 0;
        try (InputStream in = folder.store().open(folder.key(file.path()), 0)) {
            MessageDigest digest = Hashes.sha256();
            byte[] buffer = new byte[BUFFER_BYTES];
            long unreported = 0;
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
                size += n;
                unreported += n;
                if (unreported >= REPORT_BYTES) {
                    progress.advance(unreported, 0);
                    unreported = 0;
                }
            }
            progress.advance(unreported, 1);
            String actual = HexFormat.of().formatHex(digest.digest());
            if (size != file.size()) {
                return result(
                        file, State.SIZE_DIFFERS, size, actual, "it has " + size + " bytes instead of " + file.size());
            }
            if (!actual.equals(file.sha256())) {
                return result(file, State.CONTENT_DIFFERS, size, actual, "its content is not what was written");
            }
            return result(file, State.OK, size, actual, null);
        } catch (FaultException e) {
            return switch (e.fault().code()) {
                case OBJECT_MISSING -> result(file, State.MISSING, null, null, "it is not there");
                case STORE_READ_FAILED ->
                    result(
                            file,
                            State.UNREADABLE,
                            null,
                            null,
                            e.fault().message() + " ("
                                    + e.fault().facts().getOrDefault("tool_output", "no further word") + ")");
                default -> throw e;
            };
        } catch (IOException e) {
            return result(file, State.UNREADABLE, null, null, "it can't be read: " + e.getMessage());
        }
    }

    private static FileCheck result(Wanted file, State state, Long size, String sha256, String problem) {
        return new FileCheck(
                file.artifactId(),
                file.path(),
                state == State.OK,
                state,
                file.size(),
                Optional.ofNullable(size),
                file.sha256(),
                Optional.ofNullable(sha256),
                Optional.ofNullable(problem));
    }

    /** The evidence folder is written after the manifest, and is closed by checksums of its own. */
    private static List<String> extra(ArtifactFolder folder, Manifest manifest) {
        var known = new HashSet<String>();
        known.add(ArtifactFolder.MANIFEST);
        ManifestCodec.files(manifest).forEach(file -> known.add(file.path()));
        return folder.objects().stream()
                .map(folder::pathOf)
                .filter(path -> !known.contains(path) && !path.startsWith("evidence/"))
                .toList();
    }
}
