package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher script, with JDKs and a build that only say what they were asked. */
class LauncherTest {
    @TempDir
    Path temp;

    private Path home;
    private Path caller;

    private record Ended(int exitCode, String out, String err) {}

    @BeforeEach
    void install() throws IOException {
        home = Files.createDirectories(temp.resolve("a home"));
        caller = Files.createDirectories(temp.resolve("caller"));
        Files.copy(Path.of("lifeboat"), home.resolve("lifeboat"));
        Files.createDirectories(home.resolve("src/main"));
        Files.writeString(home.resolve("pom.xml"), "");
        script(home.resolve("mvnw"), """
                echo built >>builds
                mkdir -p target/quarkus-app
                : >target/quarkus-app/quarkus-run.jar
                """);
    }

    @Test
    void it_runs_in_the_callers_folder_and_passes_arguments_and_exit_code_through() throws Exception {
        Ended ended = launch(jdk("25.0.1"), "backup", "a b", "--label", "it's $HOME");
        assertThat(ended.exitCode()).isEqualTo(4);
        assertThat(ended.out())
                .contains("folder: " + caller.toRealPath())
                .endsWith("[" + home.toRealPath()
                        + "/target/quarkus-app/quarkus-run.jar][backup][a b][--label][it's $HOME]\n");
    }

    @Test
    void a_jdk_that_is_too_old_is_passed_over_by_what_its_release_file_says() throws Exception {
        Ended ended = launch(
                Map.of(
                        "LIFEBOAT_JAVA_HOME", jdk("17.0.9").toString(),
                        "JAVA_HOME", jdk("26").toString()),
                "runs");
        assertThat(ended.out()).contains("java: 26");
    }

    @Test
    void it_builds_once_and_again_only_when_a_source_is_newer() throws Exception {
        Path jdk = jdk("25");
        assertThat(launch(jdk, "runs").err()).containsOnlyOnce("building");
        assertThat(launch(jdk, "runs").err()).doesNotContain("building");
        assertThat(builds()).isEqualTo(1);
        Path source = Files.writeString(home.resolve("src/main/New.java"), "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));
        launch(jdk, "runs");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void two_that_start_together_build_once() throws Exception {
        Path jdk = jdk("25");
        Process first = process(Map.of("JAVA_HOME", jdk.toString()), "runs");
        Process second = process(Map.of("JAVA_HOME", jdk.toString()), "runs");
        assertThat(first.waitFor(1, TimeUnit.MINUTES) && second.waitFor(1, TimeUnit.MINUTES))
                .isTrue();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void a_build_that_fails_shows_its_log_and_nothing_is_run() throws Exception {
        script(home.resolve("mvnw"), "echo the reason; exit 1\n");
        Ended ended = launch(jdk("25"), "runs");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).contains("the reason", "error: the build failed");
        assertThat(ended.out()).doesNotContain("java:");
    }

    private int builds() throws IOException {
        return Files.readAllLines(home.resolve("builds")).size();
    }

    private Path jdk(String version) throws IOException {
        Path folder = Files.createDirectories(temp.resolve("jdk-" + version));
        Files.writeString(folder.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        script(folder.resolve("bin/javac"), "exit 1\n");
        script(folder.resolve("bin/java"), """
                echo "java: %s"
                echo "folder: $PWD"
                while [ "$1" != -jar ]; do shift; done
                shift
                printf '[%%s]' "$@"
                echo
                exit 4
                """.formatted(version));
        return folder;
    }

    private static void script(Path file, String body) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/bash\n" + body);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Ended launch(Path jdk, String... arguments) throws Exception {
        return launch(Map.of("JAVA_HOME", jdk.toString()), arguments);
    }

    private Ended launch(Map<String, String> environment, String... arguments) throws Exception {
        Process process = process(environment, arguments);
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return new Ended(process.exitValue(), out, err);
    }

    private Process process(Map<String, String> environment, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(home.resolve("lifeboat").toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(caller.toFile());
        builder.environment().remove("LIFEBOAT_JAVA_HOME");
        builder.environment().putAll(environment);
        return builder.start();
    }
}
