package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.luben.zstd.Zstd;
import dev.lifeboat.cli.Main;
import dev.lifeboat.json.Json;
import dev.lifeboat.linux.SystemCalls;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the compiler of a native program can't see by itself: what JSON, the command line, C and the signals reach by name. */
class NativeMetadataTest {
    private static final Path METADATA =
            Path.of("src/main/resources/META-INF/native-image/dev.lifeboat/lifeboat/reachability-metadata.json");

    /** Run with -Dreference=write to write it anew. */
    @Test
    void all_that_is_reached_by_reflection_is_told_to_the_native_compiler() throws Exception {
        ObjectNode metadata = Json.object();
        ArrayNode reflection = metadata.putArray("reflection");
        classes(Path.of(Main.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()))
                .filter(NativeMetadataTest::isReached)
                .forEach(type -> whole(reflection, type.getName()));
        for (String type :
                List.of("com.sun.nio.file.ExtendedOpenOption", "sun.misc.Signal", "sun.misc.SignalHandler")) {
            whole(reflection, type);
        }
        reflection.addObject().putObject("type").putArray("proxy").add("sun.misc.SignalHandler");
        zstd().forEach(type -> whole(reflection, type).put("jniAccessible", true));
        ArrayNode downcalls = metadata.putObject("foreign").putArray("downcalls");
        for (Field call : SystemCalls.class.getDeclaredFields()) {
            call.setAccessible(true);
            if (call.get(null) instanceof Optional<?> found && found.orElse(null) instanceof MethodHandle handle) {
                downcall(downcalls.addObject(), handle.type(), call.getName().equals("OPEN"));
            }
        }
        String told = Json.pretty(metadata);
        if ("write".equals(System.getProperty("reference"))) {
            Files.createDirectories(METADATA.getParent());
            Files.writeString(METADATA, told);
        }
        assertThat(reflection).hasSizeGreaterThan(200);
        assertThat(downcalls).hasSizeGreaterThan(2);
        assertThat(METADATA).hasContent(told);
    }

    private static ObjectNode whole(ArrayNode reflection, String type) {
        return reflection
                .addObject()
                .put("type", type)
                .put("allDeclaredConstructors", true)
                .put("allDeclaredMethods", true)
                .put("allDeclaredFields", true);
    }

    /** Values that are read from and written to JSON, what does that, and the commands with their options. */
    private static boolean isReached(Class<?> type) {
        boolean value = type.isRecord() || type.isEnum() || type.isSealed();
        boolean json = JsonSerializer.class.isAssignableFrom(type)
                || JsonDeserializer.class.isAssignableFrom(type)
                || Arrays.stream(type.getAnnotations())
                        .anyMatch(mark -> mark.annotationType().getName().startsWith("com.fasterxml.jackson."));
        boolean command = type.getPackage().equals(Main.class.getPackage());
        return (value || json || command) && !type.isAnonymousClass() && !type.isSynthetic();
    }

    private static Stream<Class<?>> classes(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            List<Class<?>> found = files.map(file -> root.relativize(file).toString())
                    .filter(name -> name.startsWith("dev/lifeboat/") && name.endsWith(".class"))
                    .filter(name -> !name.endsWith("package-info.class"))
                    .sorted()
                    .<Class<?>>map(name -> named(
                            name.substring(0, name.length() - ".class".length()).replace('/', '.')))
                    .toList();
            return found.stream();
        }
    }

    private static Class<?> named(String name) {
        try {
            return Class.forName(name, false, NativeMetadataTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    /** Its C code reads and writes fields of its classes. */
    private static List<String> zstd() throws IOException, URISyntaxException {
        URI jar = Zstd.class.getProtectionDomain().getCodeSource().getLocation().toURI();
        try (FileSystem inside = FileSystems.newFileSystem(Path.of(jar));
                Stream<Path> files = Files.list(inside.getPath("com/github/luben/zstd"))) {
            return files.map(Path::toString)
                    .filter(name -> name.endsWith(".class") && !name.contains("$"))
                    .map(name -> name.replaceFirst("^/", "")
                            .replaceFirst("\\.class$", "")
                            .replace('/', '.'))
                    .sorted()
                    .toList();
        }
    }

    private static void downcall(ObjectNode call, MethodType form, boolean variadic) {
        call.put("returnType", inC(form.returnType()));
        ArrayNode parameters = call.putArray("parameterTypes");
        form.parameterList().forEach(type -> parameters.add(inC(type)));
        if (variadic) {
            call.putObject("options").put("firstVariadicArg", 2);
        }
    }

    private static String inC(Class<?> type) {
        return type == MemorySegment.class ? "void*" : "j" + type.getName();
    }
}
