package dev.lifeboat.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.access.Needs;
import dev.lifeboat.access.Open;
import jakarta.ws.rs.HttpMethod;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EveryMethodTest {
    @Test
    void every_method_of_a_resource_says_who_may_call_it()
            throws IOException, URISyntaxException, ClassNotFoundException {
        var silent = new ArrayList<String>();
        Path classes = Path.of(AccessGate.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        for (String where : List.of("dev/lifeboat/api", "dev/lifeboat/console")) {
            try (Stream<Path> files = Files.list(classes.resolve(where))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".class")).toList()) {
                    String name = where.replace('/', '.') + "."
                            + file.getFileName().toString().replaceFirst("\\.class$", "");
                    for (Method method : Class.forName(name).getDeclaredMethods()) {
                        boolean answers = Stream.of(method.getAnnotations())
                                .anyMatch(annotation ->
                                        annotation.annotationType().isAnnotationPresent(HttpMethod.class));
                        if (answers
                                && !method.isAnnotationPresent(Needs.class)
                                && !method.isAnnotationPresent(Open.class)) {
                            silent.add(method.toString());
                        }
                    }
                }
            }
        }
        assertThat(silent).isEmpty();
    }
}
