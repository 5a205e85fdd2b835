package dev.lifeboat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ReferenceTest {
    private static final Path REFERENCE = Path.of("docs", "cli.md");

    /** Run with -Dreference=write to write it anew. */
    @Test
    void the_reference_says_what_the_commands_say() throws IOException {
        var told = new StringBuilder("""
                # Commands

                What each command's `--help` says, written by a test from the commands themselves. With `--json`, one JSON value is all that
                stands on standard output. A command talks to the engine of the data folder, or to the server that `--server` or
                `LIFEBOAT_URL` names, with the API token in `LIFEBOAT_TOKEN`.
                """);
        tell(Main.commandLine(), told);
        if ("write".equals(System.getProperty("reference"))) {
            Files.writeString(REFERENCE, told);
        }
        assertThat(REFERENCE).hasContent(told.toString());
    }

    private static void tell(CommandLine command, StringBuilder told) {
        command.setUsageHelpWidth(110);
        told.append("\n## ")
                .append(command.getCommandSpec().qualifiedName())
                .append("\n\n```\n")
                .append(command.getUsageMessage(CommandLine.Help.Ansi.OFF).stripTrailing())
                .append("\n```\n");
        command.getSubcommands().values().stream().distinct().forEach(sub -> tell(sub, told));
    }
}
