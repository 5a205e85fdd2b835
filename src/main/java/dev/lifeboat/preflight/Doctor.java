package dev.lifeboat.preflight;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.artifact.OpenArtifact;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.ConfigComparison;
import dev.lifeboat.environment.ConfigSnapshot;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import dev.lifeboat.postgres.PgTools;
import dev.lifeboat.run.Artifact;
import dev.lifeboat.run.ArtifactCatalogue;
import dev.lifeboat.store.Stores;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Looks at everything that Lifeboat needs: the tools, the evidence folder, and what a backup of each environment needs. */
@ApplicationScoped
public class Doctor {
    private final EnvironmentCatalogue environments;
    private final BackupPreconditions backup;
    private final LifeboatConfig config;
    private final Stores stores;
    private final ArtifactCatalogue artifacts;
    private final CatalogueOpener opener;

    Doctor(
            EnvironmentCatalogue environments,
            BackupPreconditions backup,
            LifeboatConfig config,
            Stores stores,
            ArtifactCatalogue artifacts,
            CatalogueOpener opener) {
        this.environments = environments;
        this.backup = backup;
        this.config = config;
        this.stores = stores;
        this.artifacts = artifacts;
        this.opener = opener;
    }

    /** Looks; {@code user} is who would start the backups. */
    public PreflightReport examine(String user) {
        var checks = new ArrayList<Check>();
        checks.add(
                config.sidecar().url().isPresent()
                        ? Check.skipped("PostgreSQL tools", "the sidecar", "it has its own")
                        : Probe.check("PostgreSQL tools", "pg-bin, PATH and the usual folders", this::tools));
        checks.add(Probe.check("evidence can be written", config.evidenceDir().toString(), this::evidence));
        List<EnvironmentId> all = environments.all();
        all.stream()
                .flatMap(id -> environments.configOf(id).stores().stream())
                .distinct()
                .forEach(name -> checks.add(Probe.check(
                        "store '" + name + "' set up as wanted", "configuration and store", () -> stores.byName(name)
                                .examine())));
        if (all.isEmpty()) {
            checks.add(Check.skipped(
                    "environments", "configuration", "none is configured; `lifeboat env discover` writes the first"));
        }
        for (EnvironmentId id : all) {
            try {
                backup.evaluate(environments.bindings(id), BackupType.FULL, user).checks().stream()
                        .map(check -> new Check(
                                id + ": " + check.name(),
                                check.lookedAt(),
                                check.found(),
                                check.status(),
                                check.fault()))
                        .forEach(checks::add);
                checks.add(configuration(environments.bindings(id)));
            } catch (FaultException e) {
                checks.add(Check.failed(id + ": configuration", "config/application.yaml", e.fault()));
            }
        }
        return new PreflightReport(checks);
    }

    /** What a lost configuration lacks shows against the newest backup's snapshot of it, secrets by their presence. */
    private Check configuration(Bindings bindings) {
        String name = bindings.environment() + ": configuration as at the newest backup";
        return artifacts
                .latest(bindings.environment(), type -> true)
                .map(newest -> Probe.check(
                        name, "config_snapshot.json of " + newest.artifactId, () -> compared(newest, bindings)))
                .orElseGet(() -> Check.skipped(name, "the catalogue", "there is no backup yet"));
    }

    private String compared(Artifact newest, Bindings bindings) {
        List<ConfigComparison.Difference> differences =
                ConfigComparison.compare(snapshot(opener.open(newest)), ConfigSnapshot.take(bindings, List.of()));
        List<String> critical = differences.stream()
                .filter(difference -> difference.severity() == ConfigComparison.Severity.CRITICAL)
                .map(Doctor::told)
                .toList();
        if (!critical.isEmpty()) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            String.join("; ", critical),
                            "Put it right: docs/runbooks/p4-configuration.md says what comes from where. Where it was changed on"
                                    + " purpose, the next backup knows it.")
                    .toException();
        }
        return differences.isEmpty()
                ? "no differences"
                : differences.stream().map(Doctor::told).collect(Collectors.joining("; "));
    }

    private static String told(ConfigComparison.Difference difference) {
        return difference.key() + " was '" + difference.artifact() + "', is '" + difference.current() + "'";
    }

    private static JsonNode snapshot(OpenArtifact artifact) {
        String path = artifact.manifest().configSnapshot().path();
        try (InputStream in = artifact.open(path, 0)) {
            return Json.mapper().readTree(in);
        } catch (IOException e) {
            throw Fault.of(
                            FaultCode.ARTIFACT_DAMAGED,
                            path + " of " + artifact.id() + " can't be read: " + e.getMessage(),
                            "`lifeboat verify " + artifact.id().id() + "` looks at every byte of it.")
                    .toException(e);
        }
    }

    /** Where an environment's configuration is at fault, that is told with the environment. */
    private String tools() {
        List<PgTools> found = PgTools.find(config.pgBin());
        if (found.isEmpty()) {
            throw Fault.of(
                            FaultCode.PG_TOOLS_MISSING,
                            "pg_dump and pg_restore were not found",
                            "Install the PostgreSQL client of your server's major version (Debian: apt-get install"
                                    + " postgresql-client), or set lifeboat.pg-bin.")
                    .toException();
        }
        return String.join(
                ", ",
                found.stream()
                        .map(tools -> tools.version().text() + " in " + tools.folder())
                        .toList());
    }

    private String evidence() {
        Path at = config.evidenceDir().toAbsolutePath();
        while (!Files.exists(at) && at.getParent() != null) {
            at = at.getParent();
        }
        if (!Files.isWritable(at)) {
            throw Fault.of(
                            FaultCode.EVIDENCE_UNWRITABLE,
                            at + " may not be written by this user",
                            "Set lifeboat.evidence-dir to a folder that may be written.")
                    .toException();
        }
        return at + " can be written";
    }
}
