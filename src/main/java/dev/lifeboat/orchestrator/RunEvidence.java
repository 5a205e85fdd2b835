package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.evidence.EvidenceContract;
import dev.lifeboat.evidence.EvidenceFolder;
import dev.lifeboat.evidence.EvidenceRecord;
import dev.lifeboat.evidence.Redactors;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.guardrail.Guardrail;
import dev.lifeboat.guardrail.Guardrails;
import dev.lifeboat.run.ChainLink;
import dev.lifeboat.run.RunSnapshot;
import dev.lifeboat.run.RunStore;
import dev.lifeboat.step.EvidenceFile;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The evidence of runs: every file goes through here, and through the redactor. */
@ApplicationScoped
public class RunEvidence {
    /** Each time another run of the environment has ended: so many never end at once. */
    private static final int MOST_OVERTAKEN = 100;

    private static final String NOT_HANDED_IN = "the step did not hand it in";

    private final LifeboatConfig config;
    private final Redactors redactors;
    private final InstallationKey key;
    private final RunStore runs;
    private final Guardrails guardrails;

    RunEvidence(LifeboatConfig config, Redactors redactors, InstallationKey key, RunStore runs, Guardrails guardrails) {
        this.config = config;
        this.redactors = redactors;
        this.key = key;
        this.runs = runs;
        this.guardrails = guardrails;
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
     * Closes a run's evidence: checksums over all files, signed, and a place in the chain of the environment's records. A
     * failed run's missing files are filled with the reason. A run that has its place already keeps it, and its files.
     *
     * @throws FaultException EVIDENCE_MISSING where a run that did not fail lacks a file
     */
    void close(RunSnapshot run, List<String> required, Optional<Fault> failure) {
        EvidenceFolder folder = folder(run);
        Optional<Fault> incomplete = incomplete(run, folder, required);
        if (runs.recordOf(run.runId()).isEmpty()) {
            String why = failure.map(fault -> "the run failed before: " + fault.message())
                    .orElse(NOT_HANDED_IN);
            folder.missing(required).forEach(name -> folder.write(name, EvidenceContract.placeholder(name, why)));
            chain(run, folder);
        }
        if (failure.isEmpty() && incomplete.isPresent()) {
            throw incomplete.get().toException();
        }
    }

    /** What is to be said where a file of these was not handed in. */
    Optional<Fault> incomplete(RunSnapshot run, List<String> required) {
        return incomplete(run, folder(run), required);
    }

    private static Optional<Fault> incomplete(RunSnapshot run, EvidenceFolder folder, List<String> required) {
        List<String> missing = required.stream()
                .filter(name -> !folder.missing(List.of(name)).isEmpty()
                        || folder.holds(name, EvidenceContract.placeholder(name, NOT_HANDED_IN)))
                .toList();
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of(Fault.of(
                        FaultCode.EVIDENCE_MISSING,
                        "the evidence of " + run.runId() + " is incomplete: " + String.join(", ", missing),
                        "What was done is done, but it is not proved; look at the run's events, and run it again."));
    }

    /** The folder first, whole and signed, and then the chain's end: a run that is killed between is closed again. */
    private void chain(RunSnapshot run, EvidenceFolder folder) {
        for (int i = 0; i < MOST_OVERTAKEN; i++) {
            Optional<ChainLink> previous = runs.lastRecord(run.environment());
            // Asked after the chain's end was read: whoever took the run over may have given it its place meanwhile.
            if (runs.recordOf(run.runId()).isPresent()) {
                return;
            }
            EvidenceRecord record = record(run, previous);
            var link = new ChainLink(record.sequence(), run.runId(), folder.close(record));
            if (runs.addRecord(run.epoch(), link) != RunStore.Chaining.OVERTAKEN) {
                return;
            }
        }
        // No fault of the run's: its next turn tries again.
        throw new IllegalStateException("the record of " + run.runId() + " was overtaken " + MOST_OVERTAKEN + " times");
    }

    private EvidenceRecord record(RunSnapshot run, Optional<ChainLink> previous) {
        return new EvidenceRecord(
                run.runId(),
                run.operation().wireName(),
                run.environment().toString(),
                run.createdAt(),
                run.now(),
                previous.map(ChainLink::runId),
                previous.map(ChainLink::sha256),
                previous.map(ChainLink::sequence).orElse(0) + 1,
                key.keyId(),
                Base64.getEncoder().encodeToString(key.publicKey().getEncoded()));
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

    /** Nothing is written as it is: without redaction there is no evidence, and without evidence no run. */
    private EvidenceFolder folder(RunSnapshot run) {
        if (!guardrails.holds(Guardrail.REDACT_SECRETS_IN_EVIDENCE)) {
            throw Fault.of(
                            FaultCode.EVIDENCE_UNWRITABLE,
                            "evidence is not written, because the guardrail redact_secrets_in_evidence is switched off",
                            "Switch it on in functions/finalize/function.yaml, and build anew.")
                    .toException();
        }
        return new EvidenceFolder(
                config.evidenceDir(),
                run.operation().wireName(),
                run.runId(),
                run.createdAt(),
                redactors.of(run.environment()),
                key);
    }
}
