package dev.lifeboat.evidence;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.evidence.EvidenceFolder.Finding;
import dev.lifeboat.evidence.EvidenceFolder.Problem;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Checks evidence from nothing but its files: one run's folder, or all folders below one, also on a copy that was taken away.
 * Each folder's checksums and signature are checked, and for each environment whether its records follow each other without
 * a gap and each carries the hash of the one before it. Nothing is written, and no link is followed.
 *
 * <p>Two things can't be told from the files alone: whether records before the first or after the last one are missing. The
 * report says where each chain begins and ends, for a comparison with what was noted elsewhere.
 */
public final class EvidenceChain {
    /** Folders below each other, from the one that is checked: more than any layout of evidence has. */
    private static final int MAX_DEPTH = 10;

    private static final List<String> CLOSING =
            List.of(EvidenceFolder.SUMS, EvidenceFolder.SIGNATURE, EvidenceContract.RECORD);

    private final Path root;
    private final List<PublicKey> trusted;
    private final List<Finding> findings = new ArrayList<>();
    private final List<Chained> records = new ArrayList<>();
    private final TreeSet<String> signers = new TreeSet<>();
    private int folders;

    /** A record that was read, where it was found, and what the next one has to carry. */
    private record Chained(String place, EvidenceRecord record, String sumsSha256) {}

    /**
     * The part of an environment's chain that is there.
     *
     * @param first the lowest sequence number; above 1, the records before it were not there to be checked
     * @param last the highest
     * @param lastRunId whose record that is
     * @param lastSha256 of its checksums: the next record will carry it
     */
    public record Extent(String environmentId, int first, int last, String lastRunId, String lastSha256) {}

    /**
     * What a check found.
     *
     * @param checked folders of runs
     * @param findings what is wrong; files are relative to the folder that was checked
     * @param chains one for each environment
     * @param signers the ids of the keys that the signatures were checked with
     * @param ownKeys whether those are the keys that the records themselves carry: then the signatures show only that each
     *     record agrees with its key, not whose it is
     */
    public record Report(
            int checked, List<Finding> findings, List<Extent> chains, List<String> signers, boolean ownKeys) {
        public Report {
            findings = List.copyOf(findings);
            chains = List.copyOf(chains);
            signers = List.copyOf(signers);
        }
    }

    private EvidenceChain(Path root, Collection<PublicKey> trusted) {
        this.root = root;
        this.trusted = List.copyOf(trusted);
    }

    /**
     * Checks a folder of evidence, or all that are below a folder.
     *
     * @param folder of one run, or any above
     * @param trusted the keys of the installations that may have signed; none: each record's own is taken
     * @throws dev.lifeboat.fault.FaultException EVIDENCE_MISSING where the folder is none, or something can't be read
     */
    public static Report verify(Path folder, Collection<PublicKey> trusted) {
        try {
            var chain = new EvidenceChain(folder.toRealPath(), trusted);
            Files.walkFileTree(chain.root, EnumSet.noneOf(FileVisitOption.class), MAX_DEPTH, chain.walk());
            return chain.report();
        } catch (IOException e) {
            throw EvidenceFolder.unreadable(folder.toString(), e);
        }
    }

    private SimpleFileVisitor<Path> walk() {
        return new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                if (!isOfARun(folder)) {
                    return FileVisitResult.CONTINUE;
                }
                check(folder);
                return FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isSymbolicLink()) {
                    find(Problem.EXTRA, place(file), "it is a link, which is not followed");
                } else if (attributes.isDirectory()) {
                    find(Problem.EXTRA, place(file), "it lies too deep to be evidence");
                }
                return FileVisitResult.CONTINUE;
            }
        };
    }

    /** A run's folder is known by its name, or by a file of the three that close it: whichever somebody has left. */
    private static boolean isOfARun(Path folder) {
        boolean named =
                folder.getFileName() != null && folder.getFileName().toString().startsWith("run_");
        return named
                || CLOSING.stream().anyMatch(name -> Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS));
    }

    private void check(Path folder) throws IOException {
        folders++;
        String place = place(folder);
        Optional<EvidenceRecord> record = EvidenceFolder.record(folder);
        Optional<PublicKey> key = signer(record);
        key.map(InstallationKey::keyId).ifPresent(signers::add);
        List<Finding> ofFolder = EvidenceFolder.verify(folder, key);
        ofFolder.forEach(finding -> find(finding.problem(), in(place, finding.file()), finding.detail()));
        Optional<String> sums = EvidenceFolder.sumsSha256(folder);
        if (sums.isEmpty()) {
            return;
        }
        if (record.isEmpty()) {
            if (ofFolder.stream().noneMatch(finding -> finding.file().equals(EvidenceContract.RECORD))) {
                find(
                        Problem.RECORD_MISSING,
                        in(place, EvidenceContract.RECORD),
                        "there is no record that can be read: the folder has no place in a chain");
            }
            return;
        }
        if (record.get().key().isEmpty()) {
            find(
                    Problem.ALTERED,
                    in(place, EvidenceContract.RECORD),
                    "the key that it carries is not the key " + record.get().signer() + " that it names");
        }
        checkPlace(folder, place, record.get());
        records.add(new Chained(place, record.get(), sums.get()));
    }

    /** The key that has to have signed: of several that are trusted, the one that the record names. */
    private Optional<PublicKey> signer(Optional<EvidenceRecord> record) {
        if (trusted.isEmpty()) {
            return record.flatMap(EvidenceRecord::key);
        }
        return trusted.stream()
                .filter(key -> record.filter(of -> of.signer().equals(InstallationKey.keyId(key)))
                        .isPresent())
                .findFirst()
                .or(() -> Optional.of(trusted.getFirst()));
    }

    /** A run's folder that was named alone may have any name; below another one it has its run's. */
    private void checkPlace(Path folder, String place, EvidenceRecord record) {
        if (folder.equals(root)) {
            return;
        }
        Path expected = EvidenceFolder.pathOf(Path.of("/"), record.operation(), record.runId(), record.createdAt());
        Path actual = root.relativize(folder);
        boolean inLayout = actual.getNameCount() >= 3
                && actual.getName(actual.getNameCount() - 3).toString().matches("\\d{4}-\\d{2}-\\d{2}|\\d{8}-\\d{4}");
        boolean right = inLayout
                ? actual.endsWith(expected.subpath(0, 3))
                : actual.getFileName().equals(expected.getFileName());
        if (!right) {
            find(
                    Problem.RECORD_REORDERED,
                    in(place, EvidenceContract.RECORD),
                    "it is the record of " + expected.subpath(0, 3) + ", which is not where it stands");
        }
    }

    private Report report() {
        if (folders == 0) {
            throw EvidenceFolder.unreadable("of a run in or below " + root, null);
        }
        var chains = new TreeMap<String, List<Chained>>();
        records.forEach(record -> chains.computeIfAbsent(record.record().environmentId(), none -> new ArrayList<>())
                .add(record));
        var extents = new ArrayList<Extent>();
        chains.forEach((environment, chain) -> {
            chain.sort(Comparator.<Chained>comparingInt(link -> link.record().sequence())
                    .thenComparing(Chained::place));
            checkChain(environment, chain);
            Chained last = chain.getLast();
            extents.add(new Extent(
                    environment,
                    chain.getFirst().record().sequence(),
                    last.record().sequence(),
                    last.record().runId(),
                    last.sumsSha256()));
        });
        return new Report(folders, findings, extents, List.copyOf(signers), trusted.isEmpty());
    }

    private void checkChain(String environment, List<Chained> chain) {
        Chained before = null;
        for (Chained link : chain) {
            boolean first = link.record().sequence() == 1;
            if (first != link.record().previousRunId().isEmpty()
                    || first != link.record().previousSha256().isEmpty()) {
                broken(link, "only the first record of an environment has none before it");
            } else if (before != null) {
                checkLink(environment, before, link);
            }
            if (before != null
                    && trusted.isEmpty()
                    && !before.record().signer().equals(link.record().signer())) {
                broken(
                        link,
                        "it carries key " + link.record().signer() + ", the record before it key "
                                + before.record().signer() + "; --key names the keys that may sign");
            }
            before = link;
        }
    }

    private void checkLink(String environment, Chained before, Chained link) {
        int expected = before.record().sequence() + 1;
        int actual = link.record().sequence();
        String recordFile = in(link.place(), EvidenceContract.RECORD);
        String previousRun = link.record().previousRunId().orElseThrow();
        if (actual < expected) {
            find(
                    Problem.RECORD_REORDERED,
                    recordFile,
                    "it is number " + actual + " of " + environment + ", and so is " + before.place());
        } else if (actual > expected) {
            find(
                    Problem.RECORD_MISSING,
                    recordFile,
                    "before it, "
                            + (actual - expected == 1
                                    ? "record " + expected + " of " + environment + " is"
                                    : "records " + expected + " to " + (actual - 1) + " of " + environment + " are")
                            + " missing; the last of them is that of " + previousRun);
        } else if (!previousRun.equals(before.record().runId())) {
            find(
                    Problem.RECORD_REORDERED,
                    recordFile,
                    "it follows the record of " + previousRun + ", but before it stands that of "
                            + before.record().runId());
        } else if (!link.record().previousSha256().orElseThrow().equals(before.sumsSha256())) {
            broken(
                    link,
                    "the checksums of " + before.record().runId() + " before it are not those that it was chained to");
        }
    }

    private void broken(Chained link, String detail) {
        find(Problem.CHAIN_BROKEN, in(link.place(), EvidenceContract.RECORD), detail);
    }

    private void find(Problem problem, String file, String detail) {
        findings.add(new Finding(problem, file, detail));
    }

    private String place(Path path) {
        return root.relativize(path).toString();
    }

    private static String in(String place, String file) {
        return place.isEmpty() ? file : place + "/" + file;
    }
}
