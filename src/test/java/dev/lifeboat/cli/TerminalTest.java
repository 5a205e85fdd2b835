package dev.lifeboat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class TerminalTest {
    @Test
    void no_name_or_word_of_a_tool_steers_the_terminal() {
        String evil = "a\u001b[2J\u009b1m\u007f\u202eb\rc";
        String shown = printed(false, terminal -> {
            terminal.line("label: " + evil);
            terminal.notice(evil);
            terminal.table(List.of("LABEL"), List.of(List.of(evil + "\nforged row")));
            terminal.error(Fault.of(FaultCode.BAD_INPUT, evil, evil).with("tool_output", evil + "\nnext"));
        });
        assertThat(shown)
                .contains("label: a?[2J?1m??b?c", "b?c?forged row", "    next")
                .matches("[\\x20-\\x7e\\n]*");
    }

    @Test
    void json_is_the_same_value_and_steers_nothing_either() throws IOException {
        var value = Json.object().put("label", "é\u009b1m\u202e\u007f\u001b\n");
        String shown = printed(true, terminal -> terminal.answer(value));
        assertThat(shown).contains("é").doesNotContain("\u009b", "\u202e", "\u007f", "\u001b");
        assertThat(Json.mapper().readTree(shown)).isEqualTo(value);
    }

    private static String printed(boolean json, Consumer<Terminal> what) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        var bytes = new ByteArrayOutputStream();
        var both = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        System.setOut(both);
        System.setErr(both);
        try {
            what.accept(new Terminal(json));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
