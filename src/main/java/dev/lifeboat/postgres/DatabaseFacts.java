package dev.lifeboat.postgres;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.lifeboat.artifact.Manifest.DatabaseContent;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a database is set up on its server, beyond what a dump holds. Wants no other context: it can be kept as JSON beside
 * the dump and put on a new database.
 *
 * @param database its name
 * @param serverVersion as PostgreSQL says it, such as {@code 15.18}
 * @param serverMajor such as 15
 * @param readAt the server's time (UTC) of the snapshot
 * @param sizeBytes {@code pg_database_size}
 * @param dataBytes tables without their indexes
 * @param tableCount ordinary tables
 * @param encoding such as {@code UTF8}
 * @param localeProvider {@code c} (libc), {@code i} (ICU), {@code b} (builtin)
 * @param collate LC_COLLATE
 * @param ctype LC_CTYPE
 * @param icuLocale the ICU or builtin locale, where there is one
 * @param owner the owning role
 * @param tablespace the default tablespace
 * @param connectionLimit -1: none
 * @param extensions name to version
 * @param settings what ALTER DATABASE SET and ALTER ROLE IN DATABASE SET say
 * @param grants the database's privileges; empty: as PostgreSQL has them at first
 * @param immutableUnaccent where {@code unaccent(text)} was declared immutable; also empty in artifacts from before this was
 *     recorded
 * @param comment what COMMENT ON DATABASE says
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record DatabaseFacts(
        String database,
        String serverVersion,
        int serverMajor,
        Instant readAt,
        long sizeBytes,
        long dataBytes,
        long tableCount,
        String encoding,
        String localeProvider,
        String collate,
        String ctype,
        Optional<String> icuLocale,
        String owner,
        String tablespace,
        int connectionLimit,
        Map<String, String> extensions,
        List<Setting> settings,
        Optional<List<Grant>> grants,
        Optional<ImmutableUnaccent> immutableUnaccent,
        Optional<String> comment) {
    public DatabaseFacts {
        extensions = Map.copyOf(extensions);
        settings = List.copyOf(settings);
        grants = grants.map(List::copyOf);
    }

    /**
     * A setting that sessions on the database start with.
     *
     * @param role only this role's sessions; empty: all
     * @param name of the parameter
     * @param value as PostgreSQL keeps it
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Setting(Optional<String> role, String name, String value) {}

    /**
     * A privilege on the database.
     *
     * @param role who has it; empty: everybody (PUBLIC)
     * @param privilege CONNECT, CREATE or TEMPORARY
     * @param grantable whether it may be handed on
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Grant(Optional<String> role, String privilege, boolean grantable) {}

    /** These facts and a digest as the manifest holds them. */
    public DatabaseContent content(ContentDigest digest) {
        return new DatabaseContent(
                serverVersion,
                sizeBytes,
                encoding,
                localeProvider,
                collate,
                ctype,
                icuLocale,
                owner,
                extensions,
                digest.tables(),
                digest.sequences(),
                digest.schema().sha256(),
                digest.largeObjects());
    }

    /** What is needed to make a database like the one that a manifest describes, where nothing more was kept. */
    public static DatabaseFacts of(String database, DatabaseContent content) {
        int major = Integer.parseInt(content.serverVersion().split("[^0-9]", 2)[0]);
        return new DatabaseFacts(
                database,
                content.serverVersion(),
                major,
                Instant.EPOCH,
                content.sizeBytes(),
                0,
                content.tables().size(),
                content.encoding(),
                content.localeProvider(),
                content.collate(),
                content.ctype(),
                content.icuLocale(),
                content.owner(),
                "pg_default",
                -1,
                content.extensions(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }
}
