package dev.lifeboat.artifact;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lifeboat.digest.Hashes;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.store.ObjectKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Writes and reads {@code artifact.json}: the manifest's members, {@code manifest_sha256} (SHA-256 of the canonical form of
 * everything but this member and the next) and {@code signature} (ed25519 over the text
 * {@code "lifeboat/1 manifest " + manifest_sha256}). Reading is strict: bytes that are not exactly what this codec
 * writes for the same content are refused, so that no change goes unseen, not even one of white space.
 * docs/artifact-format.md has the details.
 */
public final class ManifestCodec {
    /** A file that is larger (bytes) is refused. */
    public static final int MAX_BYTES = 64 << 20;

    private static final String DIGEST = "manifest_sha256";
    private static final String SIGNATURE = "signature";
    private static final Set<String> SEAL = Set.of(DIGEST, SIGNATURE);
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    private static final ObjectMapper MAPPER = Json.configure(JsonMapper.builder()
                    .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
                    .disable(MapperFeature.SORT_CREATOR_PROPERTIES_FIRST)
                    .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                    .build())
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .addMixIn(Manifest.class, WithSeal.class);

    @JsonIgnoreProperties({DIGEST, SIGNATURE})
    private abstract static class WithSeal {}

    private static final Set<String> PURPOSES = Set.of("backup", "pre_restore", "import");

    private final InstallationKey key;
    private final TrustedKeys known;

    /** A codec that signs with {@code key} and knows only that key. */
    public ManifestCodec(InstallationKey key) {
        this(key, TrustedKeys.of(key, List.of()));
    }

    /** A codec that signs with {@code key} and knows these keys. */
    ManifestCodec(InstallationKey key, TrustedKeys known) {
        this.key = key;
        this.known = known;
    }

    /**
     * The bytes of {@code artifact.json}.
     *
     * @throws dev.lifeboat.fault.FaultException MANIFEST_INVALID where {@link #decode} would refuse them
     */
    public byte[] encode(Manifest manifest) {
        check(manifest);
        try {
            byte[] sorted = MAPPER.writeValueAsBytes(manifest);
            MessageDigest digest = Hashes.sha256();
            try (var compact = writer(digest, OutputStream.nullOutputStream())) {
                CanonicalJson.copy(CanonicalJson.parser(sorted), compact);
            }
            String sha256 = HexFormat.of().formatHex(digest.digest());
            var out = new ByteArrayOutputStream(sorted.length + sorted.length / 4 + 1024);
            try (var pretty = new CanonicalJson.Writer(out, true)) {
                CanonicalJson.copy(CanonicalJson.parser(sorted), new Sealing(pretty, sha256, key));
            }
            if (out.size() > MAX_BYTES) {
                throw invalid("it would have more than " + MAX_BYTES + " bytes");
            }
            return out.toByteArray();
        } catch (IOException e) {
            throw invalid(e.getMessage());
        }
    }

    /**
     * Reads {@code artifact.json}.
     *
     * @throws dev.lifeboat.fault.FaultException MANIFEST_INVALID where a byte was changed, the signature does not hold, a
     *     member is missing or unknown, or the format is another
     */
    public SignedManifest decode(byte[] json) {
        if (json.length > MAX_BYTES) {
            throw invalid("it has more than " + MAX_BYTES + " bytes");
        }
        try {
            MessageDigest digest = Hashes.sha256();
            var seal = new Seal();
            var same = new Comparison(json);
            try (var compact = writer(digest, OutputStream.nullOutputStream());
                    var pretty = new CanonicalJson.Writer(same, true)) {
                var content = new CanonicalJson.Without(SEAL, compact);
                CanonicalJson.copy(CanonicalJson.parser(json), (token, text) -> {
                    pretty.token(token, text);
                    content.token(token, text);
                    seal.token(token, text);
                });
            }
            if (!same.isComplete()) {
                throw invalid("its bytes are not in the one form that Lifeboat writes");
            }
            String sha256 = HexFormat.of().formatHex(digest.digest());
            PublicKey signer = seal.check(sha256);
            Manifest manifest = read(json);
            check(manifest);
            return new SignedManifest(
                    manifest,
                    sha256,
                    Hashes.sha256(json),
                    InstallationKey.keyId(signer),
                    InstallationKey.fingerprint(signer),
                    known.contains(signer) ? SignedManifest.Signer.KNOWN : SignedManifest.Signer.OTHER_INSTALLATION);
        } catch (IOException e) {
            throw invalid(e instanceof JsonProcessingException parse ? parse.getOriginalMessage() : e.getMessage());
        }
    }

    private static Manifest read(byte[] json) throws IOException {
        try (JsonParser parser = CanonicalJson.parser(json)) {
            parser.nextToken();
            String format = formatOf(json);
            if (!format.equals(Manifest.FORMAT)) {
                throw invalid("its format is '" + format + "', this program reads " + Manifest.FORMAT);
            }
            return MAPPER.readValue(parser, Manifest.class);
        }
    }

    private static String formatOf(byte[] json) throws IOException {
        try (JsonParser parser = CanonicalJson.parser(json)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                    parser.nextToken();
                    if (name.equals("format")) {
                        return String.valueOf(parser.getValueAsString());
                    }
                    parser.skipChildren();
                }
            }
        }
        return "";
    }

    // ---- what a manifest must say

    private static void check(Manifest manifest) {
        var wrong = new ArrayList<String>();
        if (!Manifest.FORMAT.equals(manifest.format())) {
            throw invalid("its format is '" + manifest.format() + "', this program knows " + Manifest.FORMAT);
        }
        try {
            ObjectKey.of(manifest.artifactId());
            new EnvironmentId(manifest.projectId(), manifest.environmentId());
        } catch (FaultException e) {
            wrong.add(e.fault().message());
        }
        BackupType type = manifest.backupType();
        require(wrong, manifest.dbDump().isPresent() == type.coversDatabase(), "db_dump", type);
        require(wrong, manifest.database().isPresent() == type.coversDatabase(), "database", type);
        require(wrong, manifest.filestore().isPresent() == type.coversFilestore(), "filestore", type);
        if (type.coversDatabase() && manifest.manifest().dbMajorVersion().isEmpty()) {
            wrong.add("manifest.db_major_version is missing");
        }
        if (!PURPOSES.contains(manifest.purpose())) {
            wrong.add("purpose '" + manifest.purpose() + "' is not known");
        }
        var paths = new HashSet<String>();
        for (Manifest.FileEntry file : files(manifest)) {
            checkFile(wrong, file.path(), file.size(), file.sha256());
            if (!paths.add(file.path()) || file.path().equals(ArtifactFolder.MANIFEST)) {
                wrong.add(file.path() + " is listed twice, or is the manifest itself");
            }
        }
        manifest.filestore().ifPresent(filestore -> checkFilestore(wrong, manifest, filestore, paths));
        manifest.database().ifPresent(database -> {
            checkDigest(wrong, "database.schema_sha256", database.schemaSha256());
            for (Manifest.TableDigest table : database.tables()) {
                checkDigest(wrong, "the digest of table " + table.table(), table.sha256());
                if (table.rows() < 0) {
                    wrong.add("table " + table.table() + " has a negative number of rows");
                }
            }
        });
        if (!wrong.isEmpty()) {
            throw invalid(String.join("; ", wrong.subList(0, Math.min(5, wrong.size()))));
        }
    }

    /** Every file of the artifact's own folder, but the manifest. */
    public static List<Manifest.FileEntry> files(Manifest manifest) {
        var files = new ArrayList<Manifest.FileEntry>();
        manifest.dbDump().ifPresent(files::add);
        manifest.filestore().ifPresent(own -> files.add(new Manifest.FileEntry(own.path(), own.size(), own.sha256())));
        files.add(manifest.configSnapshot());
        files.addAll(manifest.files());
        return files;
    }

    private static void checkFilestore(
            List<String> wrong, Manifest manifest, Manifest.FilestoreEntry filestore, Set<String> paths) {
        checkDigest(wrong, "filestore.tree_sha256", filestore.treeSha256());
        if (!paths.contains(filestore.index())) {
            wrong.add("the index " + filestore.index() + " is not among the files");
        }
        boolean foreign = false;
        long used = 0;
        for (Manifest.Part part : filestore.parts()) {
            checkFile(wrong, part.path(), part.size(), part.sha256());
            if (!ObjectKey.isSegment(part.artifactId())) {
                wrong.add("'" + part.artifactId() + "' can't be an artifact's name");
            }
            if (part.usedBytes() < 0 || part.usedBytes() > part.contentBytes()) {
                wrong.add("of part " + part.artifactId() + " more is used than it holds");
            }
            used += part.usedBytes();
            foreign |= !part.artifactId().equals(manifest.artifactId());
        }
        if (used != filestore.contentBytes()) {
            wrong.add("filestore.parts do not add up to filestore.content_bytes");
        }
        if (foreign != filestore.incremental()) {
            wrong.add("filestore.incremental and filestore.parts contradict each other");
        }
    }

    private static void require(List<String> wrong, boolean holds, String member, BackupType type) {
        if (!holds) {
            wrong.add("member " + member + " does not fit a backup of type " + type.wireName());
        }
    }

    private static void checkFile(List<String> wrong, String path, long size, String sha256) {
        String[] segments = path.split("/", -1);
        if (segments.length > 5 || !Arrays.stream(segments).allMatch(ObjectKey::isSegment)) {
            wrong.add("'" + path + "' can't be a file's path");
        }
        if (size < 0) {
            wrong.add(path + " has a negative size");
        }
        checkDigest(wrong, "the digest of " + path, sha256);
    }

    private static void checkDigest(List<String> wrong, String what, String sha256) {
        if (sha256 == null || !SHA256.matcher(sha256).matches()) {
            wrong.add(what + " is no SHA-256");
        }
    }

    private static FaultException invalid(String why) {
        return new Fault(
                        FaultCode.MANIFEST_INVALID,
                        "The manifest is not valid: " + why + "; nothing of the artifact was used",
                        Map.of("reason", String.valueOf(why)),
                        "Use the artifact's copy in another store, or another artifact. If the file was edited, put the"
                                + " original back: a manifest can't be changed by hand.")
                .toException();
    }

    // ---- the seal

    private static byte[] signedText(String sha256) {
        return (Manifest.FORMAT + " manifest " + sha256).getBytes(StandardCharsets.US_ASCII);
    }

    /** The members that are added to a manifest, in order of their names. */
    private static final class Sealing implements CanonicalJson.Sink {
        private final CanonicalJson.Sink next;
        private final Map<String, Object> pending = new LinkedHashMap<>();
        private int depth;

        Sealing(CanonicalJson.Sink next, String sha256, InstallationKey key) {
            this.next = next;
            var signature = new LinkedHashMap<String, String>();
            signature.put("algorithm", InstallationKey.ALGORITHM);
            signature.put("key_id", key.keyId());
            signature.put(
                    "public_key",
                    Base64.getEncoder().encodeToString(key.publicKey().getEncoded()));
            signature.put("value", Base64.getEncoder().encodeToString(key.sign(signedText(sha256))));
            pending.put(DIGEST, sha256);
            pending.put(SIGNATURE, signature);
        }

        @Override
        public void token(JsonToken token, String text) throws IOException {
            if (depth == 1 && (token == JsonToken.FIELD_NAME || token == JsonToken.END_OBJECT)) {
                for (var members = pending.entrySet().iterator(); members.hasNext(); ) {
                    var member = members.next();
                    if (token == JsonToken.FIELD_NAME && member.getKey().compareTo(text) > 0) {
                        break;
                    }
                    members.remove();
                    insert(member.getKey(), member.getValue());
                }
            }
            depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            next.token(token, text);
        }

        private void insert(String name, Object value) throws IOException {
            next.token(JsonToken.FIELD_NAME, name);
            if (value instanceof Map<?, ?> members) {
                next.token(JsonToken.START_OBJECT, null);
                for (var member : members.entrySet()) {
                    insert(member.getKey().toString(), member.getValue());
                }
                next.token(JsonToken.END_OBJECT, null);
            } else {
                next.token(JsonToken.VALUE_STRING, value.toString());
            }
        }
    }

    /** Picks the added members out of the tokens. */
    private static final class Seal implements CanonicalJson.Sink {
        private static final Set<String> MEMBERS = Set.of(
                DIGEST,
                SIGNATURE + ".algorithm",
                SIGNATURE + ".key_id",
                SIGNATURE + ".public_key",
                SIGNATURE + ".value");
        private final Map<String, String> values = new LinkedHashMap<>();
        private int depth;
        private String outer = "";
        private String name = "";

        @Override
        public void token(JsonToken token, String text) {
            switch (token) {
                case START_OBJECT, START_ARRAY -> depth++;
                case END_OBJECT, END_ARRAY -> depth--;
                case FIELD_NAME -> {
                    if (depth == 1) {
                        outer = text;
                    }
                    name = text;
                }
                default -> {
                    if (depth == 1 && outer.equals(DIGEST)) {
                        values.put(DIGEST, text);
                    } else if (depth == 2 && outer.equals(SIGNATURE)) {
                        values.put(SIGNATURE + "." + name, text);
                    }
                }
            }
        }

        /** The key whose signature holds. */
        PublicKey check(String sha256) {
            if (!values.keySet().equals(MEMBERS)) {
                throw invalid("its digest or signature is missing");
            }
            if (!sha256.equals(values.get(DIGEST))) {
                throw invalid("its content does not have its digest: it was changed");
            }
            PublicKey signer = decode(SIGNATURE + ".public_key")
                    .flatMap(InstallationKey::publicKey)
                    .orElseThrow(() -> invalid("its public key is none"));
            byte[] signature = decode(SIGNATURE + ".value").orElseThrow(() -> invalid("its signature is none"));
            if (!InstallationKey.ALGORITHM.equals(values.get(SIGNATURE + ".algorithm"))
                    || !InstallationKey.keyId(signer).equals(values.get(SIGNATURE + ".key_id"))
                    || !InstallationKey.verify(signer, signedText(sha256), signature)) {
                throw invalid("its signature does not hold");
            }
            return signer;
        }

        /** Only the one Base64 form of the bytes: the last character has spare bits. */
        private Optional<byte[]> decode(String member) {
            String text = values.get(member);
            try {
                byte[] bytes = Base64.getDecoder().decode(text);
                return Base64.getEncoder().encodeToString(bytes).equals(text) ? Optional.of(bytes) : Optional.empty();
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }
    }

    /** Compares what is written with what is expected, without keeping it. */
    private static final class Comparison extends OutputStream {
        private final byte[] expected;
        private int position;
        private boolean equal = true;

        Comparison(byte[] expected) {
            this.expected = expected;
        }

        boolean isComplete() {
            return equal && position == expected.length;
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            if (!equal) {
                return;
            }
            int end = Math.min(expected.length, position + length);
            equal = end - position == length && Arrays.equals(expected, position, end, bytes, offset, offset + length);
            position += length;
        }
    }

    private static CanonicalJson.Writer writer(MessageDigest digest, OutputStream out) {
        return new CanonicalJson.Writer(new DigestOutputStream(out, digest), false);
    }
}
