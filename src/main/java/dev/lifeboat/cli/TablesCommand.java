package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

@CommandLine.Command(
        name = "tables",
        description = "Tables and rows of a backup.",
        subcommands = {TablesCommand.Restore.class})
final class TablesCommand implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "which command? tables restore ENV ARTIFACT TABLE… --mode MODE");
    }

    @CommandLine.Command(
            name = "restore",
            description = {
                "Brings rows of chosen tables back into the live database, in one transaction.",
                "The database is backed up first; Odoo goes on working."
            },
            footer = {
                "",
                "Example:  lifeboat tables restore prod latest res_partner --mode insert-missing --with-dependants --dry-run"
            })
    static final class Restore extends EngineCommand {
        @CommandLine.Parameters(index = "0", paramLabel = "ENV", description = "The environment.")
        String environment;

        @CommandLine.Parameters(index = "1", paramLabel = "ARTIFACT", description = "The artifact's id, or latest.")
        String artifact;

        @CommandLine.Parameters(
                index = "2..*",
                arity = "1..*",
                paramLabel = "TABLE",
                description = "Tables as the database names them, such as res_partner.")
        List<String> tables;

        @CommandLine.Option(
                names = "--where",
                paramLabel = "COLUMN=VALUE",
                description = "Only rows whose column has this value; may be given again, all have to hold.")
        List<String> where = List.of();

        @CommandLine.Option(
                names = "--ids",
                split = ",",
                paramLabel = "ID",
                description = "Only rows with these values in the column id.")
        List<Long> ids = List.of();

        @CommandLine.Option(
                names = "--mode",
                required = true,
                paramLabel = "MODE",
                description = {
                    "What becomes of rows that are there. insert-missing: they stay as they are.",
                    "upsert: they get the backup's content.",
                    "replace: that, and chosen rows that the backup does not have are deleted."
                })
        String mode;

        @CommandLine.Option(
                names = "--with-dependants",
                description = "Also rows of other tables that were deleted along (ON DELETE CASCADE).")
        boolean withDependants;

        @CommandLine.Option(names = "--dry-run", description = "Only say what would be written.")
        boolean dryRun;

        @CommandLine.Option(
                names = "--no-safety-backup",
                description = "Do not back the database up before; refused for production.")
        boolean noSafetyBackup;

        @CommandLine.Option(
                names = "--confirm",
                paramLabel = "ENV",
                description = "The environment's name once more; wanted for production where nobody can be asked.")
        String confirm;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode target = api.get(environmentPath(environment));
            if (confirm == null && !dryRun && target.path("type").asText().equals("production")) {
                confirm = terminal()
                        .ask(environment
                                + " is PRODUCTION. Rows of its database will be written. Type its name to go on:")
                        .orElse(null);
            }
            ObjectNode body = Json.object()
                    .put("artifact", artifact)
                    .put("mode", mode)
                    .put("with_dependants", withDependants)
                    .put("dry_run", dryRun)
                    .put("safety_backup", !noSafetyBackup)
                    .put("confirm", confirm);
            tables.forEach(body.putArray("tables")::add);
            where.forEach(body.putArray("where")::add);
            ids.forEach(body.putArray("ids")::add);
            JsonNode run = stay(api.post(environmentPath(environment) + "/table-restores", body)
                    .path("run_id")
                    .asText());
            show(plan(run));
            return conclude(run);
        }

        /** What the newest step says that knows it. */
        private static JsonNode plan(JsonNode run) {
            JsonNode plan = Json.object();
            for (JsonNode step : run.path("steps")) {
                if (step.path("outputs").hasNonNull("plan")) {
                    plan = step.path("outputs").path("plan");
                }
            }
            return plan;
        }

        private void show(JsonNode plan) {
            var rows = new ArrayList<List<String>>();
            for (JsonNode table : plan.path("tables")) {
                rows.add(List.of(
                        table.path("table").asText(),
                        table.path("insert").asText(),
                        table.path("update").asText(),
                        table.path("delete").asText(),
                        notes(table)));
            }
            if (!rows.isEmpty()) {
                terminal().line("");
                terminal().table(List.of("TABLE", "INSERT", "UPDATE", "DELETE", ""), rows);
            }
            plan.path("dependants").forEach(missing -> terminal()
                    .line("deleted along, and not asked for (--with-dependants): "
                            + missing.path("rows").asText() + " rows of "
                            + missing.path("table").asText()));
            tell(plan.path("conflicts"), "conflict: ");
            tell(plan.path("not_looked_at"), "not looked at: ");
            tell(plan.path("emptied"), "a deletion empties this reference, which is not filled again: ");
        }

        private void tell(JsonNode lines, String what) {
            lines.forEach(line -> terminal().line(what + line.asText()));
        }

        private static String notes(JsonNode table) {
            var notes = new ArrayList<String>();
            note(notes, table.path("only_in_backup"), "only in the backup: ");
            note(notes, table.path("only_live"), "get their default: ");
            note(notes, table.path("triggers"), "triggers that fire: ");
            for (JsonNode raised : table.path("sequences")) {
                notes.add(raised.path("sequence").asText() + " raised to "
                        + raised.path("to").asText());
            }
            return String.join("; ", notes);
        }

        private static void note(List<String> notes, JsonNode names, String what) {
            var texts = new ArrayList<String>();
            names.forEach(name -> texts.add(name.asText()));
            if (!texts.isEmpty()) {
                notes.add(what + String.join(", ", texts));
            }
        }
    }
}
