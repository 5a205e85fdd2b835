package dev.lifeboat.evidence;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.store.DurableFiles;
import dev.lifeboat.store.ObjectKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.PublicKey;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The evidence of one run: {@code <root>/<YYYY-MM-DD>/<operation>/<run_id>/}, for a restore
 * {@code <root>/<YYYYMMDD-HHMM>/restore/<run_id>/} (UTC, of the run's creation). Every file is redacted, written whole or not at
 * all, 0600 in folders of 0700. {@link #close} adds the record, {@value #SUMS} and its signature; writing again opens the
 * folder again. One process writes a run's evidence; writing the same again changes nothing.
 *
 * <p>Checked by hand with {@code sha256sum -c SHA256SUMS} and
 * {@code base64 -d SHA256SUMS.sig > sig && openssl pkeyutl -verify -pubin -inkey installation.pub -rawin -in SHA256SUMS -sigfile sig}.
 */
public final class EvidenceFolder {
    /** The checksums of all other files, as sha256sum writes them, in the order of the names. */
    public static final String SUMS = "SHA256SUMS";

    /** The ed25519 signature of {@value #SUMS}, in Base64. */
    public static final String SIGNATURE = "SHA256SUMS.sig";

    /** What only {@link #close} writes. */
    private static final Set<String> CLOSING = Set.of(SUMS, SIGNATURE, EvidenceContract.RECORD);

    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("yyyy-MM-dd", Locale.ROOT);
    private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("yyyyMMdd-HHmm", Locale.ROOT);
    private static final Pattern SUM = Pattern.compile("([0-9a-f]{64})  (.+)");
    private static final String LEFTOVER = ".tmp-";
    private static final int MAX_SUMS_BYTES = 1 << 20;
    private static final int MAX_RECORD_BYTES = 1 << 16;

    private final Path path;
    private final Redactor redactor;
    private final InstallationKey key;

    /**
     * The folder of a run; nothing is created before the first write.
     *
     * @param root where all evidence is
     * @param operation backup, restore, drill …: one segment
     * @param runId the run: one segment
     * @param createdAt when the run was created
     * @param redactor takes the secrets out of everything that is written
     * @param key signs the checksums
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where operation or run is no segment of a path
     */
    public EvidenceFolder(
            Path root, String operation, String runId, Instant createdAt, Redactor redactor, InstallationKey key) {
        this(pathOf(root, operation, runId, createdAt), redactor, key);
    }

    private EvidenceFolder(Path path, Redactor redactor, InstallationKey key) {
        this.path = path;
        this.redactor = redactor;
        this.key = key;
    }

    /** Where the evidence of a run is. */
    public static Path pathOf(Path root, String operation, String runId, Instant createdAt) {
        ObjectKey.of(operation, runId);
        DateTimeFormatter form = operation.equals("restore") ? MINUTE : DAY;
        return root.toAbsolutePath()
                .normalize()
                .resolve(form.format(createdAt.atOffset(ZoneOffset.UTC)))
                .resolve(operation)
                .resolve(runId);
    }

    /**
     * One file.
     *
     * @param name its name
     * @param size bytes
     * @param modified when it was written (UTC)
     */
    public record Entry(String name, long size, Instant modified) {}

    /** What is wrong with a file, a record, or the chain of an environment's records. */
    public enum Problem {
        /** A file does not have the content that it was closed with. */
        ALTERED,
        /** A file is gone. */
        MISSING,
        /** A file came later. */
        EXTRA,
        /** The checksums are not signed by the key that they have to be signed by. */
        BAD_SIGNATURE,
        /** A folder has no checksums with a signature. */
        NOT_CLOSED,
        /** The chain has a gap, or a folder has no place in it. */
        RECORD_MISSING,
        /** A record stands where another one has to. */
        RECORD_REORDERED,
        /** A record does not carry the hash that the one before it has. */
        CHAIN_BROKEN
    }

    /**
     * What a verification found.
     *
     * @param problem what is wrong
     * @param file with which file
     * @param detail the same in words
     */
    public record Finding(Problem problem, String file, String detail) {}

    /** The folder's path, absolute. */
    public Path path() {
        return path;
    }

    /**
     * Writes a file, redacted (as JSON where the name ends so); replaces an earlier one of that name.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the name can't be a file's here; EVIDENCE_UNWRITABLE
     */
    public void write(String name, String content) {
        Path file = resolve(name);
        byte[] bytes = redactor.file(name, content).getBytes(StandardCharsets.UTF_8);
        try {
            DurableFiles.createFolders(path);
            if (isRegular(file) && Arrays.equals(Files.readAllBytes(file), bytes)) {
                return;
            }
            Files.deleteIfExists(path.resolve(SIGNATURE));
            Files.deleteIfExists(path.resolve(SUMS));
            DurableFiles.replace(file, bytes);
        } catch (IOException e) {
            throw unwritable(name, e);
        }
    }

    /** Whether a file of that name has this content, once that is redacted. */
    public boolean holds(String name, String content) {
        Path file = resolve(name);
        byte[] bytes = redactor.file(name, content).getBytes(StandardCharsets.UTF_8);
        try {
            return isRegular(file)
                    && Files.size(file) == bytes.length
                    && Arrays.equals(Files.readAllBytes(file), bytes);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /** Those of the required names that are not there, in their order. */
    public List<String> missing(Collection<String> requiredNames) {
        return requiredNames.stream().filter(name -> !isRegular(resolve(name))).toList();
    }

    /**
     * Closes the folder with its place in the chain. Again with the same record: the same result; the first time counts as
     * the one when it was closed.
     *
     * @return the SHA-256 of {@value #SUMS}, which the next record of the environment carries
     * @throws dev.lifeboat.fault.FaultException EVIDENCE_UNWRITABLE
     */
    public String close(EvidenceRecord record) {
        try {
            DurableFiles.createFolders(path);
            EvidenceRecord first = record(path)
                    .filter(earlier -> earlier.closedAt(record.closedAt()).equals(record))
                    .orElse(record);
            DurableFiles.replace(
                    path.resolve(EvidenceContract.RECORD), first.text().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw unwritable(EvidenceContract.RECORD, e);
        }
        return close();
    }

    /** Writes {@value #SUMS} over all files and signs it; gives its SHA-256. */
    String close() {
        try {
            DurableFiles.createFolders(path);
            for (String name : names(path)) {
                if (name.startsWith(LEFTOVER)) {
                    Files.deleteIfExists(path.resolve(name));
                }
            }
            var sums = new StringBuilder();
            for (String name : names(path)) {
                if (!name.equals(SUMS) && !name.equals(SIGNATURE) && isRegular(path.resolve(name))) {
                    sums.append(sha256(path.resolve(name)))
                            .append("  ")
                            .append(name)
                            .append('\n');
                }
            }
            byte[] content = sums.toString().getBytes(StandardCharsets.UTF_8);
            DurableFiles.replace(path.resolve(SUMS), content);
            String signature = Base64.getEncoder().encodeToString(key.sign(content)) + "\n";
            DurableFiles.replace(path.resolve(SIGNATURE), signature.getBytes(StandardCharsets.US_ASCII));
            return sha256(path.resolve(SUMS));
        } catch (IOException e) {
            throw unwritable(SUMS, e);
        }
    }

    /** The files, in the order of their names; empty where nothing was written yet. */
    public List<Entry> list() {
        try {
            var entries = new ArrayList<Entry>();
            for (String name : names(path)) {
                Path file = path.resolve(name);
                if (ObjectKey.isSegment(name) && isRegular(file)) {
                    var attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                    entries.add(new Entry(
                            name,
                            attributes.size(),
                            attributes.lastModifiedTime().toInstant()));
                }
            }
            return List.copyOf(entries);
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw unreadable(path.toString(), e);
        }
    }

    /**
     * Opens a file for reading.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the name can't be a file's here; EVIDENCE_MISSING where there is
     *     none
     */
    public InputStream open(String name) {
        Path file = CLOSING.contains(name) ? path.resolve(name) : resolve(name);
        if (!isRegular(file)) {
            throw unreadable(name, null);
        }
        try {
            return Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /**
     * Checks a closed folder of evidence.
     *
     * @param folder the folder of one run
     * @param signer the public key of the installation that wrote it
     * @return what is wrong, empty where nothing is
     */
    public static List<Finding> verify(Path folder, PublicKey signer) {
        return verify(folder, Optional.of(signer));
    }

    /** As {@link #verify(Path, PublicKey)}; a signature for which there is no key counts as a bad one. */
    static List<Finding> verify(Path folder, Optional<PublicKey> signer) {
        var findings = new ArrayList<Finding>();
        try {
            Path sumsFile = folder.resolve(SUMS);
            Path signatureFile = folder.resolve(SIGNATURE);
            if (!isRegular(sumsFile) || !isRegular(signatureFile)) {
                return List.of(new Finding(
                        Problem.NOT_CLOSED, SUMS, "there are no checksums with a signature: the run has not ended"));
            }
            byte[] sums = readBounded(sumsFile, MAX_SUMS_BYTES);
            byte[] signature = readBounded(signatureFile, MAX_SUMS_BYTES);
            if (signer.filter(key -> isSigned(sums, signature, key)).isEmpty()) {
                findings.add(new Finding(
                        Problem.BAD_SIGNATURE,
                        SIGNATURE,
                        signer.map(key -> "the signature is not that of " + SUMS + " by key "
                                        + InstallationKey.keyId(key))
                                .orElse("there is no key to check the signature with")));
            }
            Map<String, String> expected = parse(new String(sums, StandardCharsets.UTF_8), findings);
            List<String> present = names(folder);
            for (var entry : expected.entrySet()) {
                Path file = folder.resolve(entry.getKey());
                if (!present.contains(entry.getKey())) {
                    findings.add(new Finding(Problem.MISSING, entry.getKey(), "it was there when the run ended"));
                } else if (!isRegular(file)) {
                    findings.add(new Finding(Problem.ALTERED, entry.getKey(), "it is no regular file any more"));
                } else if (!sha256(file).equals(entry.getValue())) {
                    findings.add(new Finding(Problem.ALTERED, entry.getKey(), "its content was changed"));
                }
            }
            for (String name : present) {
                if (!expected.containsKey(name) && !name.equals(SUMS) && !name.equals(SIGNATURE)) {
                    findings.add(new Finding(Problem.EXTRA, name, "it was not there when the run ended"));
                }
            }
            return List.copyOf(findings);
        } catch (IOException e) {
            throw unreadable(folder.toString(), e);
        }
    }

    private static Map<String, String> parse(String sums, List<Finding> findings) {
        var expected = new TreeMap<String, String>();
        for (String line : sums.lines().toList()) {
            Matcher matcher = SUM.matcher(line);
            if (matcher.matches() && ObjectKey.isSegment(matcher.group(2))) {
                expected.put(matcher.group(2), matcher.group(1));
            } else {
                findings.add(new Finding(Problem.ALTERED, SUMS, "a line is no checksum"));
            }
        }
        return expected;
    }

    private static boolean isSigned(byte[] sums, byte[] signature, PublicKey signer) {
        String text = new String(signature, StandardCharsets.US_ASCII);
        try {
            byte[] bytes = Base64.getDecoder().decode(text.strip());
            return text.equals(Base64.getEncoder().encodeToString(bytes) + "\n")
                    && InstallationKey.verify(signer, sums, bytes);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The record of a folder; empty where there is none that can be read as one. */
    static Optional<EvidenceRecord> record(Path folder) throws IOException {
        Path file = folder.resolve(EvidenceContract.RECORD);
        return isRegular(file) ? EvidenceRecord.read(readBounded(file, MAX_RECORD_BYTES)) : Optional.empty();
    }

    /** The SHA-256 of a folder's checksums; empty where it is not closed. */
    static Optional<String> sumsSha256(Path folder) throws IOException {
        Path file = folder.resolve(SUMS);
        return isRegular(file) && isRegular(folder.resolve(SIGNATURE)) ? Optional.of(sha256(file)) : Optional.empty();
    }

    private static byte[] readBounded(Path file, int limit) throws IOException {
        try (InputStream in = Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            return in.readNBytes(limit);
        }
    }

    private static List<String> names(Path folder) throws IOException {
        var names = new ArrayList<String>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        names.sort(null);
        return names;
    }

    private static boolean isRegular(Path file) {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            return Hashes.sha256(in);
        }
    }

    private Path resolve(String name) {
        if (!ObjectKey.isSegment(name) || CLOSING.contains(name)) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + name + "' can't be the name of a file of evidence",
                            "Use a name of letters, digits, dot, dash and underscore; `lifeboat evidence RUN` lists those"
                                    + " that there are.")
                    .toException();
        }
        return path.resolve(name);
    }

    private FaultException unwritable(String name, IOException e) {
        return new Fault(
                        FaultCode.EVIDENCE_UNWRITABLE,
                        "The evidence " + path.resolve(name) + " can't be written; what was written before is unharmed",
                        Map.of("path", path.resolve(name).toString(), "tool_output", DurableFiles.reason(e)),
                        "Free space or give the user that Lifeboat runs as the right to write there. A run without its"
                                + " evidence counts as failed.")
                .toException(e);
    }

    static FaultException unreadable(String name, IOException e) {
        Fault fault = Fault.of(
                FaultCode.EVIDENCE_MISSING,
                "The evidence " + name + " is not there or can't be read",
                "`lifeboat evidence RUN` lists what there is; the artifact's folder in the store holds a copy of a"
                        + " backup's evidence.");
        return e == null
                ? fault.toException()
                : fault.with("tool_output", DurableFiles.reason(e)).toException(e);
    }
}
