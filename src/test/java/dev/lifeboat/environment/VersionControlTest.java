package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How versions are set: in a file for compose, in a cluster, by a command. */
class VersionControlTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private VersionControl envFile(String compose) throws IOException {
        Scripts.write(folder, "docker", "echo \"$@\" >> calls\n" + compose);
        return VersionControl.of(new VersionBinding.EnvFile(
                folder.resolve(".env"),
                "ODOO_IMAGE_TAG",
                new ServiceBinding.Compose(
                        List.of(folder.resolve("docker").toString()), folder.resolve("compose.yaml"), "odoo", LIMIT),
                LIMIT));
    }

    private VersionControl command(List<String> show) throws IOException {
        Path deploy = Scripts.write(folder, "deploy", "[ \"$2\" = rollback ] && echo \"$1\" > version");
        return VersionControl.of(
                new VersionBinding.Command(List.of(deploy.toString(), "{version}", "rollback"), show, LIMIT));
    }

    @Test
    void the_variable_is_replaced_everything_else_in_the_file_stays_and_its_permissions_too() throws IOException {
        Path file = folder.resolve(".env");
        Files.writeString(file, "# ours\nPASSWORD='a=b'\nODOO_IMAGE_TAG=\"sha-new\"\nODOO_IMAGE_TAG_OLD=x\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        VersionControl version = envFile("");
        assertThat(version.current()).contains("sha-new");

        ServiceControl.Outcome set = version.set("sha-old");

        assertThat(set.succeeded()).as(set.log()).isTrue();
        assertThat(file).hasContent("# ours\nPASSWORD='a=b'\nODOO_IMAGE_TAG=sha-old\nODOO_IMAGE_TAG_OLD=x\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r-----");
        assertThat(version.current()).contains("sha-old");
        assertThat(Files.readAllLines(folder.resolve("calls")))
                .anySatisfy(call -> assertThat(call).endsWith("pull odoo"))
                .anySatisfy(call -> assertThat(call).endsWith("up -d --no-deps odoo"));
    }

    @Test
    void an_image_that_no_registry_has_is_used_where_it_is_here_and_one_that_is_nowhere_fails() throws IOException {
        Files.writeString(folder.resolve(".env"), "ODOO_IMAGE_TAG=b\n");
        ServiceControl.Outcome local = envFile("case \"$*\" in *pull*) echo 'no such manifest' >&2; exit 1;; esac")
                .set("a");
        assertThat(local.succeeded()).as(local.log()).isTrue();
        assertThat(local.log()).contains("no such manifest");
        ServiceControl.Outcome nowhere = envFile("case \"$*\" in *up*) echo 'no such image' >&2; exit 1;; esac")
                .set("a");
        assertThat(nowhere.succeeded()).isFalse();
        assertThat(nowhere.log()).contains("no such image");
    }

    @Test
    void a_file_that_is_not_there_is_a_fault_that_names_it() throws IOException {
        VersionControl version = envFile("");
        var fault = catchThrowableOfType(FaultException.class, () -> version.set("a"))
                .fault();
        assertThat(fault.code()).isEqualTo(FaultCode.SERVICE_FAILED);
        assertThat(fault.message()).contains(".env", "was not changed");
    }

    @Test
    void a_command_gets_the_version_as_one_argument_and_what_it_claims_is_checked() throws IOException {
        Path show = Scripts.write(folder, "show", "cat version");
        VersionControl version = command(List.of(show.toString()));
        assertThat(version.set("sha-1").succeeded()).isTrue();
        assertThat(version.current()).contains("sha-1");
        Scripts.write(folder, "show", "echo other");
        assertThat(version.set("sha-2").succeeded()).isFalse();
        assertThat(command(List.of()).set("sha-2").succeeded()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-rf", "a b", "a\nB=c", "$(id)", "a;b", "a'b", "../x\u0000", "a|b"})
    void what_could_be_more_than_a_version_is_refused_before_anything_is_touched(String version) throws IOException {
        VersionControl control = command(List.of());
        var fault = catchThrowableOfType(FaultException.class, () -> control.set(version))
                .fault();
        assertThat(fault.code()).isEqualTo(FaultCode.BAD_INPUT);
        assertThat(folder.resolve("version")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "ghcr.io/acme/odoo:sha-1, sha-2, ghcr.io/acme/odoo:sha-2, sha-1",
        "registry:5000/odoo, 19.0.7, registry:5000/odoo:19.0.7, latest",
        "acme/odoo@sha256:abc, 19.0.7, acme/odoo:19.0.7, sha256:abc",
        "acme/odoo:1@sha256:abc, sha256:def, acme/odoo@sha256:def, sha256:abc",
        "registry:5000/odoo:1, registry:5000/odoo:2, registry:5000/odoo:2, 1"
    })
    void a_version_in_a_cluster_is_the_tag_of_the_image(String present, String version, String image, String before) {
        assertThat(ImageVersion.image(present, version)).isEqualTo(image);
        assertThat(ImageVersion.version(present)).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "acme/odoo:1, other/odoo:2",
        "acme/odoo:1, acme/odoo-next:2",
        "acme/odoo:1, acme/odoo/x:2",
        "odoo:1, odoo:5000/other:2",
        "acme/odoo, acme/odoo",
        "19.0.1, other/odoo:2"
    })
    void an_image_of_another_repository_is_refused_however_it_is_set(String present, String version)
            throws IOException {
        Files.writeString(folder.resolve(".env"), "ODOO_IMAGE_TAG=" + present + "\n");
        Path show = Scripts.write(folder, "show", "echo " + present);
        for (ThrowingCallable set : List.<ThrowingCallable>of(
                () -> ImageVersion.image(present, version),
                () -> envFile("").set(version),
                () -> command(List.of(show.toString())).set(version),
                () -> command(List.of()).set(version))) {
            var fault = catchThrowableOfType(FaultException.class, set).fault();
            assertThat(fault.code()).isEqualTo(FaultCode.BAD_INPUT);
            assertThat(fault.message()).contains("another repository", "nothing was touched");
        }
        assertThat(folder.resolve(".env")).hasContent("ODOO_IMAGE_TAG=" + present);
        assertThat(folder.resolve("version")).doesNotExist();
    }
}
