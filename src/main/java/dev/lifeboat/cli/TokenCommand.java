package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

@CommandLine.Command(
        name = "token",
        description = "API tokens: what programs log in with.",
        subcommands = {TokenCommand.Create.class, TokenCommand.Show.class, TokenCommand.Revoke.class})
final class TokenCommand implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "which command? token create, token list, or token revoke TOKEN");
    }

    @CommandLine.Command(
            name = "create",
            description = "Makes a token. It is shown once; Lifeboat keeps only its SHA-256.",
            footer = {
                "",
                "Example:  lifeboat token create --name 'nightly backup' --project acme --action view,backup --days 365"
            })
    static final class Create extends EngineCommand {
        @CommandLine.Option(names = "--name", required = true, paramLabel = "TEXT", description = "What will use it.")
        String name;

        @CommandLine.Option(
                names = "--project",
                required = true,
                paramLabel = "PROJECT",
                description = "The project in which it may; * for all.")
        String project;

        @CommandLine.Option(
                names = "--action",
                split = ",",
                paramLabel = "ACTION",
                description =
                        "What it may: view, backup, verify, validate, replicate, restore, prune, administer (default: all"
                                + " that you may).")
        List<String> actions = List.of();

        @CommandLine.Option(
                names = "--days",
                paramLabel = "N",
                description = "How long it lives (default: 90, at most 730).")
        Integer days;

        @CommandLine.Option(
                names = "--user",
                paramLabel = "USER",
                description = "Whose role limits it further (default: yours).")
        String user;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            ObjectNode body = Json.object()
                    .put("name", name)
                    .put("project", project)
                    .put("days", days)
                    .put("user", user);
            actions.forEach(body.withArray("actions")::add);
            JsonNode made = api.post("/api/v1/tokens", body);
            terminal().line(made.path("secret").asText());
            terminal()
                    .notice("this is " + made.at("/token/token_id").asText() + ", good until "
                            + made.at("/token/expires_at").asText() + "; it is not shown again");
            terminal().answer(made);
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "list",
            description = "Lists tokens, the newest first; never their secrets.",
            footer = {"", "Example:  lifeboat token list"})
    static final class Show extends EngineCommand {
        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode tokens = api.get("/api/v1/tokens");
            var rows = new ArrayList<List<String>>();
            for (JsonNode token : tokens) {
                var actions = new ArrayList<String>();
                token.path("actions").forEach(action -> actions.add(action.asText()));
                rows.add(List.of(
                        token.path("token_id").asText(),
                        token.path("name").asText(),
                        token.path("user_id").asText(),
                        token.path("project_id").asText(),
                        state(token),
                        token.hasNonNull("last_used_at")
                                ? Terminal.age(token.get("last_used_at").asText())
                                : "never",
                        String.join(",", actions)));
            }
            terminal().table(List.of("TOKEN", "NAME", "USER", "PROJECT", "STATE", "USED", "ACTIONS"), rows);
            terminal().answer(tokens);
            return ExitCode.SUCCESS;
        }

        private static String state(JsonNode token) {
            if (token.hasNonNull("revoked_at")) {
                return "revoked";
            }
            Instant end = Instant.parse(token.path("expires_at").asText());
            return (end.isBefore(Instant.now()) ? "expired " : "until ")
                    + end.toString().substring(0, "2026-01-01".length());
        }
    }

    @CommandLine.Command(
            name = "revoke",
            description = "Ends a token, and the sessions that were begun with it.",
            footer = {"", "Example:  lifeboat token revoke tk_1a2b3c4d5e"})
    static final class Revoke extends EngineCommand {
        @CommandLine.Parameters(paramLabel = "TOKEN", description = "The token's id.")
        String token;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode revoked = api.post("/api/v1/tokens/" + ApiClient.segment(token) + "/revoke", Json.object());
            terminal().line(token + " (" + revoked.path("name").asText() + ") lets nobody in any more");
            terminal().answer(revoked);
            return ExitCode.SUCCESS;
        }
    }
}
