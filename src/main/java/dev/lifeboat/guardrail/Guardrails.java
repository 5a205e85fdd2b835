package dev.lifeboat.guardrail;

import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Which guardrails hold: those that the functions' files declare as {@code true} under {@code guardrails}. The files are built
 * into the program. Who needs a guardrail asks here, and nowhere has a rule of its own.
 */
@ApplicationScoped
public class Guardrails {
    private final Set<Guardrail> holding;

    /** Those that this program was built with. */
    public Guardrails() {
        this(guardrail -> {
            String file = "/functions/" + guardrail.function() + "/function.yaml";
            InputStream in = Guardrails.class.getResourceAsStream(file);
            if (in == null) {
                throw new IOException("the build has no " + file);
            }
            return in;
        });
    }

    private Guardrails(Source files) {
        holding = EnumSet.noneOf(Guardrail.class);
        for (Guardrail guardrail : Guardrail.values()) {
            if (isDeclared(guardrail, files)) {
                holding.add(guardrail);
            }
        }
    }

    /** Opens the file that declares a guardrail. */
    private interface Source {
        InputStream open(Guardrail guardrail) throws IOException;
    }

    /** Those that the functions' files below a folder declare. */
    public static Guardrails of(Path functions) {
        return new Guardrails(guardrail ->
                Files.newInputStream(functions.resolve(guardrail.function()).resolve("function.yaml")));
    }

    private static boolean isDeclared(Guardrail guardrail, Source files) {
        try (InputStream in = files.open(guardrail)) {
            Map<String, Object> file = new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
            return file.get("guardrails") instanceof Map<?, ?> declared
                    && Boolean.TRUE.equals(declared.get(guardrail.wireName()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether a guardrail holds. */
    public boolean holds(Guardrail guardrail) {
        return holding.contains(guardrail);
    }

    /** The names of those that do not hold; a run records them with its inputs. */
    public List<String> missing() {
        return Arrays.stream(Guardrail.values())
                .filter(guardrail -> !holds(guardrail))
                .map(Guardrail::wireName)
                .toList();
    }
}
