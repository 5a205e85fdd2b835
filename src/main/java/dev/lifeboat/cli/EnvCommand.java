package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.environment.ConfigFileEditor;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.EnvironmentType;
import dev.lifeboat.environment.OdooDiscovery;
import dev.lifeboat.json.Json;
import dev.lifeboat.odoo.OwnedDatabases;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

@CommandLine.Command(
        name = "env",
        description = "The environments.",
        subcommands = {EnvCommand.ListAll.class, EnvCommand.Show.class, EnvCommand.Discover.class})
final class EnvCommand implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command? env list, env show, env discover");
    }

    @CommandLine.Command(
            name = "list",
            description = "Lists the environments that are configured.",
            footer = {"", "Example:  lifeboat env list"})
    static final class ListAll extends EngineCommand {
        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode environments = api.get("/api/v1/environments");
            var rows = new ArrayList<List<String>>();
            for (JsonNode environment : environments) {
                rows.add(List.of(
                        environment.path("project").asText() + "/"
                                + environment.path("environment").asText(),
                        environment.path("type").asText(),
                        environment.path("database").asText(""),
                        environment.hasNonNull("last_backup")
                                ? Terminal.age(environment
                                        .path("last_backup")
                                        .path("created_at")
                                        .asText())
                                : "never"));
            }
            terminal().table(List.of("ENVIRONMENT", "TYPE", "DATABASE", "LAST BACKUP"), rows);
            for (JsonNode environment : environments) {
                if (environment.hasNonNull("problem")) {
                    terminal()
                            .line(environment.path("project").asText() + "/"
                                    + environment.path("environment").asText() + ": "
                                    + environment.path("problem").asText());
                }
            }
            terminal().answer(environments);
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "show",
            description = "Shows where an environment's parts are.",
            footer = {"", "Example:  lifeboat env show prod"})
    static final class Show extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "ENV", description = "The environment.")
        String environment;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode shown = api.get(environmentPath(environment));
            shown.properties().forEach(entry -> terminal()
                    .line(String.format(
                            "%-12s %s",
                            entry.getKey(),
                            entry.getValue().isTextual()
                                    ? entry.getValue().asText()
                                    : entry.getValue().toString())));
            terminal().answer(shown);
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "discover",
            description = "Writes the configuration of an environment from its odoo.conf.",
            footer = {
                "",
                "Example:  lifeboat env discover --odoo-conf /etc/odoo/odoo.conf --name prod --type production --write"
            })
    static final class Discover extends Command {
        @CommandLine.Option(
                names = "--odoo-conf",
                required = true,
                paramLabel = "FILE",
                description = "Odoo's own configuration.")
        Path odooConf;

        @CommandLine.Option(
                names = "--name",
                required = true,
                paramLabel = "NAME",
                description = "The environment's name.")
        String name;

        @CommandLine.Option(names = "--project", paramLabel = "NAME", description = "Its project (default: main).")
        String project = "main";

        @CommandLine.Option(
                names = "--type",
                paramLabel = "TYPE",
                description = "production, staging or dev (default: production).")
        EnvironmentType type = EnvironmentType.PRODUCTION;

        @CommandLine.Option(
                names = "--database",
                paramLabel = "NAME",
                description = "The database, where odoo.conf does not name one.")
        String database;

        @CommandLine.Option(
                names = "--write",
                description = "Put it into config/application.yaml; else it is only printed.")
        boolean write;

        @Override
        int run() {
            var id = new EnvironmentId(project, name);
            boolean root = "root".equals(System.getProperty("user.name"));
            List<String> block = new OdooDiscovery(OwnedDatabases::of, Optional.empty(), root)
                    .describe(odooConf, id, type, Optional.ofNullable(database));
            Path file = Path.of("config", "application.yaml");
            if (write) {
                new ConfigFileEditor(file).insert(id, block);
                terminal().line("written to " + file.toAbsolutePath());
            } else {
                terminal().line("lifeboat:\n  projects:\n    " + project + ":\n      environments:");
                block.forEach(line -> terminal().line("        " + line));
                terminal().line("# --write puts it into " + file);
            }
            if (write) {
                terminal()
                        .line("`lifeboat preflight " + name
                                + "` tells whether all of it can be reached and the PostgreSQL"
                                + " programs fit; `lifeboat doctor` what is missing");
            }
            var answer = Json.object().put("environment", id.toString()).put("written", write);
            answer.put("configuration", String.join("\n", block));
            terminal().answer(answer);
            return ExitCode.SUCCESS;
        }
    }
}
