package dev.lifeboat.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

@CommandLine.Command(
        name = "member",
        description = "Who has which role in which project.",
        subcommands = {MemberCommand.Show.class, MemberCommand.Set.class, MemberCommand.Remove.class})
final class MemberCommand implements Runnable {
    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "which command? member list, member set USER, or member remove USER");
    }

    /** Shows the members as they are after a command. */
    private abstract static class Showing extends EngineCommand {
        abstract JsonNode members(ApiClient api) throws IOException, InterruptedException;

        @Override
        int run(ApiClient api) throws IOException, InterruptedException {
            JsonNode members = members(api);
            var rows = new ArrayList<List<String>>();
            members.forEach(member -> rows.add(List.of(
                    member.path("user_id").asText(),
                    member.path("project_id").asText(),
                    member.path("role").asText())));
            terminal().table(List.of("USER", "PROJECT", "ROLE"), rows);
            terminal().answer(members);
            return ExitCode.SUCCESS;
        }
    }

    @CommandLine.Command(
            name = "list",
            description = "Lists who has which role.",
            footer = {"", "Example:  lifeboat member list"})
    static final class Show extends Showing {
        @Override
        JsonNode members(ApiClient api) throws IOException, InterruptedException {
            return api.get("/api/v1/members");
        }
    }

    @CommandLine.Command(
            name = "set",
            description = "Gives a user a role in a project, in place of the one that they had there.",
            footer = {"", "Example:  lifeboat member set maria --project acme --role restorer"})
    static final class Set extends Showing {
        @CommandLine.Parameters(paramLabel = "USER", description = "The user.")
        String user;

        @CommandLine.Option(
                names = "--project",
                required = true,
                paramLabel = "PROJECT",
                description = "The project; * for all.")
        String project;

        @CommandLine.Option(
                names = "--role",
                required = true,
                paramLabel = "ROLE",
                description = "viewer, operator, restorer or admin.")
        String role;

        @Override
        JsonNode members(ApiClient api) throws IOException, InterruptedException {
            return api.post(
                    "/api/v1/members",
                    Json.object().put("user", user).put("project", project).put("role", role));
        }
    }

    @CommandLine.Command(
            name = "remove",
            description = "Takes a user's role in a project away.",
            footer = {"", "Example:  lifeboat member remove maria --project acme"})
    static final class Remove extends Showing {
        @CommandLine.Parameters(paramLabel = "USER", description = "The user.")
        String user;

        @CommandLine.Option(
                names = "--project",
                required = true,
                paramLabel = "PROJECT",
                description = "The project; * for all.")
        String project;

        @Override
        JsonNode members(ApiClient api) throws IOException, InterruptedException {
            return api.post("/api/v1/members", Json.object().put("user", user).put("project", project));
        }
    }
}
