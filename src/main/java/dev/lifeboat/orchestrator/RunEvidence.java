package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.Secret;
import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.evidence.EvidenceFolder;
import dev.lifeboat.evidence.Redactor;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.step.EvidenceFile;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The evidence of runs: every file goes through here, and through the redactor. */
@ApplicationScoped
public class RunEvidence {
    private final LifeboatConfig config;
    private final EnvironmentCatalogue environments;
    private final InstallationKey key;

    RunEvidence(LifeboatConfig config, EnvironmentCatalogue environments, InstallationKey key) {
        this.config = config;
        this.environments = environments;
        this.key = key;
    }

    /** Where a run's evidence is. */
    Path open(RunSnapshot run) {
        return folder(run).path();
    }

    /** Writes a file, redacted; a later one of that name replaces it. */
    void write(RunSnapshot run, EvidenceFile file) {
        folder(run).write(file.name(), file.content());
    }

    /** Writes a file that says why there is nothing to say, unless it is there. */
    void writeAbsent(RunSnapshot run, String name, String why) {
        EvidenceFolder folder = folder(run);
        if (!folder.missing(List.of(name)).isEmpty()) {
            folder.write(name, EvidenceContract.placeholder(name, why));
        }
    }

    /**
     * Closes a run's evidence: checksums over all files, signed. A failed run's missing files are filled with the reason.
     *
     * @throws FaultException EVIDENCE_MISSING where a run that did not fail lacks a file
     */
    void close(RunSnapshot run, List<String> required, Optional<Fault> failure) {
        EvidenceFolder folder = folder(run);
        List<String> missing = folder.missing(required);
        String why = failure.map(fault -> "the run failed before: " + fault.message())
                .orElse("the step did not hand it in");
        missing.forEach(name -> folder.write(name, EvidenceContract.placeholder(name, why)));
        folder.close();
        if (failure.isEmpty() && !missing.isEmpty()) {
            throw Fault.of(
                            FaultCode.EVIDENCE_MISSING,
                            "the evidence of " + run.runId() + " is incomplete: " + String.join(", ", missing),
                            "What was done is done, but it is not proved; look at the run's events, and run it again.")
                    .toException();
        }
    }

    /** The files of a run's evidence with their sizes in bytes. */
    public Map<String, Long> list(RunSnapshot run) {
        var files = new LinkedHashMap<String, Long>();
        folder(run).list().forEach(entry -> files.put(entry.name(), entry.size()));
        return files;
    }

    /** Opens a file of a run's evidence; the caller closes the stream. */
    public InputStream read(RunSnapshot run, String name) {
        return folder(run).open(name);
    }

    private EvidenceFolder folder(RunSnapshot run) {
        return new EvidenceFolder(
                config.evidenceDir(),
                run.operation().wireName(),
                run.runId(),
                run.createdAt(),
                new Redactor(secrets(run)),
                key);
    }

    private List<Secret> secrets(RunSnapshot run) {
        try {
            return environments.secrets(run.environment());
        } catch (FaultException e) {
            // An environment that is not configured any more has no secrets that are known.
            return List.of();
        }
    }
}
