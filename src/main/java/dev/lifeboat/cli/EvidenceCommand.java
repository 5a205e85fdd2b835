package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.artifact.InstallationKey;
import dev.lifeboat.evidence.EvidenceChain;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.OneLine;
import dev.lifeboat.json.Json;
import dev.lifeboat.progress.Amounts;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

@CommandLine.Command(
        name = "evidence",
        description = "Shows where a run's evidence is, and its files; checks evidence.",
        subcommands = {EvidenceCommand.Verify.class, EvidenceCommand.Report.class, EvidenceCommand.Key.class},
        footer = {"", "Example:  lifeboat evidence run_20260301T020000Z_1a2b3c4d"})
final class EvidenceCommand extends Command {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @CommandLine.Parameters(paramLabel = "RUN", arity = "0..1", description = "The run's id.")
    String runId;

    @Override
    int run() throws IOException, InterruptedException {
        if (runId == null) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "which run? evidence RUN; or: evidence verify, evidence report, evidence key");
        }
        try (EngineSession session = EngineSession.open(settings(), terminal())) {
            return show(session.api());
        }
    }

    private int show(ApiClient api) throws IOException, InterruptedException {
        JsonNode run = api.get("/api/v1/runs/" + ApiClient.segment(runId));
        JsonNode files = api.get("/api/v1/runs/" + ApiClient.segment(runId) + "/evidence");
        terminal().line(run.path("evidence_dir").asText());
        var rows = new ArrayList<List<String>>();
        files.forEach(file -> rows.add(List.of(
                "  " + file.path("name").asText(),
                Amounts.bytes(file.path("size").asLong()))));
        terminal().table(List.of("  FILE", "SIZE"), rows);
        var answer = Json.object().put("evidence_dir", run.path("evidence_dir").asText());
        answer.set("files", files);
        terminal().answer(answer);
        return ExitCode.SUCCESS;
    }

    @CommandLine.Command(
            name = "verify",
            description = {
                "Checks evidence: every file against its checksum, the signatures, and that no record is missing or was"
                        + " put elsewhere.",
                "A folder is checked from its files alone, also on another machine."
            },
            footer = {"", "Example:  lifeboat evidence verify docs/evidence --key installation.pub"})
    static final class Verify extends Command {
        @CommandLine.Parameters(
                paramLabel = "RUN|FOLDER",
                description = "The run's id; or a folder of one run, or any above.")
        String target;

        @CommandLine.Option(
                names = "--key",
                paramLabel = "FILE",
                description =
                        "The public key that has to have signed, as `evidence key` prints it; more than once where"
                                + " the key was changed (default: the data folder's; without one, the records' own).")
        List<Path> keyFiles = List.of();

        @Override
        int run() throws IOException, InterruptedException {
            List<PublicKey> trusted = trusted();
            EvidenceChain.Report report = EvidenceChain.verify(folder(), trusted);
            report.findings().forEach(finding -> terminal()
                    .line(OneLine.of(finding.problem() + "  " + finding.file() + ": " + finding.detail())));
            report.chains().forEach(chain -> terminal().line(told(chain)));
            terminal().line(told(report));
            String checked = report.checked() == 1 ? "1 record checked" : report.checked() + " records checked";
            terminal()
                    .line(
                            report.findings().isEmpty()
                                    ? checked + ": nothing is wrong"
                                    : checked + ", findings: "
                                            + report.findings().size());
            terminal().answer(answer(report));
            return report.findings().isEmpty() ? ExitCode.SUCCESS : ExitCode.FAILED;
        }

        private List<PublicKey> trusted() {
            if (!keyFiles.isEmpty()) {
                return keyFiles.stream().map(InstallationKey::readPublic).toList();
            }
            return InstallationKey.ofFolder(settings().dataDir()).map(List::of).orElse(List.of());
        }

        private Path folder() throws IOException, InterruptedException {
            Optional<Path> named = asFolder(target);
            if (named.isPresent()) {
                return named.get();
            }
            if (!target.matches("run_[A-Za-z0-9_-]+")) {
                throw usage(
                                "there is no folder " + OneLine.of(target) + ", and no run is called so",
                                "Name a run, as `lifeboat runs` lists them, or a folder of evidence.")
                        .toException();
            }
            String folder;
            try (EngineSession session = EngineSession.open(settings(), terminal())) {
                folder = session.api()
                        .get("/api/v1/runs/" + ApiClient.segment(target))
                        .path("evidence_dir")
                        .asText();
            }
            return asFolder(folder).orElseThrow(() -> Fault.of(
                            FaultCode.EVIDENCE_MISSING,
                            "the evidence of " + target + " is not on this machine: " + folder,
                            "Run this where the folder is, or name a copy of it.")
                    .toException());
        }

        private static Optional<Path> asFolder(String text) {
            try {
                return Optional.of(text)
                        .filter(name -> !name.isBlank())
                        .map(Path::of)
                        .filter(Files::isDirectory);
            } catch (InvalidPathException e) {
                // What can't be a path is no folder.
                return Optional.empty();
            }
        }

        private static String told(EvidenceChain.Extent chain) {
            return chain.environmentId() + ": "
                    + (chain.first() == chain.last()
                            ? "record " + chain.last()
                            : "records " + chain.first() + " to " + chain.last())
                    + (chain.first() == 1 ? "" : ", begins after record " + (chain.first() - 1))
                    + "; the last is " + chain.lastRunId() + ", SHA-256 " + chain.lastSha256();
        }

        private static String told(EvidenceChain.Report report) {
            String keys = report.signers().isEmpty() ? "none" : String.join(", ", report.signers());
            return report.ownKeys()
                    ? "key: " + keys + ", carried by the records themselves. The signatures show only that each record"
                            + " agrees with the key it carries: compare the key's id with that of the installation"
                            + " (`lifeboat evidence key` there), or name its key with --key"
                    : "key: " + keys;
        }

        private static ObjectNode answer(EvidenceChain.Report report) {
            ObjectNode answer = Json.object()
                    .put("checked", report.checked())
                    .put("clean", report.findings().isEmpty())
                    .put("keys_carried_by_the_records", report.ownKeys());
            answer.set("signers", Json.mapper().valueToTree(report.signers()));
            answer.set("chains", Json.mapper().valueToTree(report.chains()));
            answer.set("findings", Json.mapper().valueToTree(report.findings()));
            return answer;
        }
    }

    @CommandLine.Command(
            name = "report",
            description = {
                "Prints a report for an auditor: the policy in force, runs, drills, gaps, and the controls that they speak for",
                "(ISO 27001 A.8.13, SOC 2 A1.2 and A1.3, NIST CP-9)."
            },
            footer = {"", "Example:  lifeboat evidence report --from 2026-01-01 --to 2026-03-31 --format html > q1.html"
            })
    static final class Report extends EngineCommand {
        @CommandLine.Option(names = "--from", paramLabel = "DAY", required = true, description = "The first day (UTC).")
        LocalDate from;

        @CommandLine.Option(names = "--to", paramLabel = "DAY", required = true, description = "The last day (UTC).")
        LocalDate to;

        @CommandLine.Option(names = "--format", paramLabel = "FORMAT", description = "md or html (default: md).")
        String format = "md";

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode report = api.get("/api/v1/evidence-report?from=" + from + "&to=" + to + "&format="
                    + URLEncoder.encode(format, StandardCharsets.UTF_8));
            terminal().line(report.path("document").asText());
            terminal().answer(report);
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "key",
            description = "Prints the installation's public key, to be kept where evidence is checked.",
            footer = {"", "Example:  lifeboat evidence key > installation.pub"})
    static final class Key extends Command {
        @Override
        int run() {
            Path dataDir = settings().dataDir();
            PublicKey key = InstallationKey.ofFolder(dataDir).orElseThrow(() -> Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the data folder " + dataDir.toAbsolutePath() + " has no key",
                            "Name the installation's data folder with --data-dir; a new one gets its key with"
                                    + " its first run.")
                    .toException());
            String pem = InstallationKey.pem(key);
            terminal().notice("key id: " + InstallationKey.keyId(key));
            terminal().notice("fingerprint: " + InstallationKey.fingerprint(key));
            terminal().line(pem.strip());
            terminal()
                    .answer(Json.object()
                            .put("key_id", InstallationKey.keyId(key))
                            .put("fingerprint", InstallationKey.fingerprint(key))
                            .put("public_key", Base64.getEncoder().encodeToString(key.getEncoded()))
                            .put("pem", pem));
            return ExitCode.SUCCESS;
        }
    }
}
