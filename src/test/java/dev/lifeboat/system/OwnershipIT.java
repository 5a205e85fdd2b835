package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is the engine, from outside: commands that start together, an engine that is killed, one that can't start. */
class OwnershipIT {
    @TempDir
    Path folder;

    private Installation shop;

    @BeforeEach
    void install() throws IOException {
        shop = Installation.create(folder, "it_owner", 20);
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    @Test
    void a_command_whose_engine_is_killed_becomes_the_engine_and_brings_its_run_to_the_end() throws Exception {
        Path dumping = folder.resolve("dumping");
        Path goOn = folder.resolve("go-on");
        holdDumpsUntil(dumping, goOn);
        Process engine = shop.start("serve", "--port", "0");
        Installation.await("the engine", () -> Files.exists(folder.resolve("data/endpoint")) || !engine.isAlive());
        Process backup = shop.start("backup", "shop");
        Installation.await("the dump", () -> Files.exists(dumping) || !backup.isAlive());

        engine.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        Files.createFile(goOn);

        assertThat(backup.waitFor(2, TimeUnit.MINUTES)).isTrue();
        String said = Files.readString(folder.resolve("command.log"));
        assertThat(backup.exitValue()).as(said).isZero();
        assertThat(said).contains("the engine that did this is gone", "takes the run up");
        assertThat(shop.manifests()).hasSize(1);
        assertThat(folder.resolve("data/endpoint")).doesNotExist();
        assertThat(folder.resolve("data/state/data/postmaster.pid")).doesNotExist();
    }

    @Test
    void commands_that_start_together_have_one_engine_and_all_get_their_answer() throws Exception {
        Process first = shop.start("env", "list");
        Process second = shop.start("runs");
        Process third = shop.start("artifacts", "shop");
        for (Process process : new Process[] {first, second, third}) {
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        }
        String said = Files.readString(folder.resolve("command.log"));
        assertThat(first.exitValue()).as(said).isZero();
        assertThat(second.exitValue()).as(said).isZero();
        assertThat(third.exitValue()).as(said).isZero();
        assertThat(folder.resolve("data/state/data/postmaster.pid")).doesNotExist();
    }

    @Test
    void an_engine_that_cannot_start_says_why_and_leaves_nothing_running() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var busy = shop.lifeboat("serve", "--port", Integer.toString(taken.getLocalPort()));
            assertThat(busy.exitCode()).as(busy.errors()).isEqualTo(3);
            assertThat(busy.errors()).contains("already listens on port " + taken.getLocalPort(), "--port");
        }
        shop.configure("stors: {primary: {path: /nowhere}}\n");
        var wrong = shop.lifeboat("env", "list");
        assertThat(wrong.exitCode()).as(wrong.errors()).isEqualTo(3);
        assertThat(wrong.errors()).contains("lifeboat.stors", "what to do").doesNotContain("Exception", "\tat ");
        assertThat(folder.resolve("data/endpoint")).doesNotExist();
        assertThat(folder.resolve("data/state/data/postmaster.pid")).doesNotExist();
    }

    /** Puts a pg_dump in place that tells when it is asked for a dump, and then waits for a file. */
    private void holdDumpsUntil(Path dumping, Path goOn) throws IOException {
        Path tools = Files.createDirectories(folder.resolve("pgbin"));
        try (var real = Files.list(TestCluster.get().binaries())) {
            for (Path tool : real.toList()) {
                Files.createSymbolicLink(tools.resolve(tool.getFileName()), tool);
            }
        }
        Path dump = tools.resolve("pg_dump");
        Path behind = Files.readSymbolicLink(dump);
        Files.delete(dump);
        Files.writeString(dump, """
                #!/bin/bash
                case " $* " in *" --version "*) exec '%1$s' --version;; esac
                touch '%2$s'
                for ((i = 0; i < 1200; i++)); do
                  [ -e '%3$s' ] && exec '%1$s' "$@"
                  sleep 0.05
                done
                exit 1
                """.formatted(behind, dumping, goOn));
        Files.setPosixFilePermissions(dump, PosixFilePermissions.fromString("rwxr-xr-x"));
        shop.configure("pg-bin: " + tools + "\n");
    }
}
