package dev.lifeboat.artifact;

import dev.lifeboat.environment.EnvironmentId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Small artifacts for tests. */
final class Samples {
    static final EnvironmentId PROD = new EnvironmentId("acme", "prod");

    private Samples() {}

    static ArtifactId id(String name) {
        return new ArtifactId(PROD, name);
    }

    static Map<String, byte[]> contents(String seed) {
        var contents = new LinkedHashMap<String, byte[]>();
        for (String name : List.of(
                "db.dump", "filestore.tar.zst", "config_snapshot.json", "filestore.index.zst", "db.dump.meta.json")) {
            contents.put(name, (name + " of " + seed).repeat(50).getBytes(StandardCharsets.UTF_8));
        }
        return contents;
    }

    static Manifest manifest(String name, Map<String, byte[]> contents, Manifest.Part... foreign) {
        Manifest.FileEntry own = entry("filestore.tar.zst", contents);
        var parts = new ArrayList<Manifest.Part>(List.of(foreign));
        long used = 1234 - parts.stream().mapToLong(Manifest.Part::usedBytes).sum();
        parts.add(new Manifest.Part(name, own.path(), own.size(), own.sha256(), used, used));
        return new Manifest(
                Manifest.FORMAT,
                name,
                Instant.parse("2026-11-20T02:00:00Z"),
                "acme",
                "prod",
                "run-1",
                BackupType.FULL,
                "backup",
                Optional.of("vor dem Jahresabschluß \"2026\"\t😀/\u0001"),
                List.of(),
                new Manifest.SourceEnvironment("prod", "production", "odoo_prod", Optional.empty()),
                Optional.of(entry("db.dump", contents)),
                Optional.of(new Manifest.FilestoreEntry(
                        own.path(),
                        own.sha256(),
                        own.size(),
                        "filestore.index.zst",
                        3,
                        1234,
                        sha256("tree".getBytes(StandardCharsets.UTF_8)),
                        foreign.length > 0,
                        parts,
                        List.of(),
                        List.of())),
                new Manifest.OdooEntry(Optional.of("19.0"), Optional.empty(), List.of("base", "web"), Optional.of(16)),
                Optional.of(new Manifest.DatabaseContent(
                        "16.3",
                        52_000_000,
                        "UTF8",
                        "c",
                        "C",
                        "C",
                        Optional.empty(),
                        "odoo",
                        Map.of("plpgsql", "1.0", "pg_trgm", "1.6"),
                        List.of(new Manifest.TableDigest("public.\"Products\"", 7, sha256(new byte[] {1}), "00ff")),
                        Map.of("public.b_seq", "3", "public.a_seq", "9223372036854775807"),
                        sha256(new byte[] {2}),
                        0)),
                entry("config_snapshot.json", contents),
                Map.of("pg_dump", "16.3", "lifeboat", "0.1"),
                List.of(entry("filestore.index.zst", contents), entry("db.dump.meta.json", contents)));
    }

    static Manifest.FileEntry entry(String path, Map<String, byte[]> contents) {
        return new Manifest.FileEntry(path, contents.get(path).length, sha256(contents.get(path)));
    }

    static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
