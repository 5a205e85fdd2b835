package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OdooConfTest {
    @TempDir
    Path folder;

    @Test
    void options_are_read_as_odoo_reads_them() throws IOException {
        OdooConf conf = read("""
                # a comment
                [options]
                ; another
                DB_Host : db.example.com
                db_port=5433
                db_name = prod, second
                db_password = a=b;c#d %(no)s
                addons_path = /opt/odoo/addons,
                    /opt/custom
                proxy_mode = False
                dbfilter = None
                [queue_job]
                channels = root:2
                """);

        assertThat(conf.get("db_host")).contains("db.example.com");
        assertThat(conf.get("db_port")).contains("5433");
        assertThat(conf.list("db_name")).containsExactly("prod", "second");
        assertThat(conf.get("db_password")).contains("a=b;c#d %(no)s");
        assertThat(conf.list("addons_path")).containsExactly("/opt/odoo/addons", "/opt/custom");
        assertThat(conf.get("proxy_mode")).isEmpty();
        assertThat(conf.get("dbfilter")).isEmpty();
        assertThat(conf.get("channels")).isEmpty();
    }

    @Test
    void no_secret_is_in_what_is_shown() throws IOException {
        OdooConf conf = read("""
                [options]
                admin_passwd = one-1
                db_password = two-2
                smtp_password = three-3
                my_api_key = four-4
                webhook = https://bot:five-5@example.com/in
                db_user = odoo
                """);

        assertThat(conf.redacted().toString())
                .doesNotContain("one-1", "two-2", "three-3", "four-4", "five-5")
                .contains("odoo");
        assertThat(conf.secrets())
                .extracting(Secret::value)
                .containsExactlyInAnyOrder("one-1", "two-2", "three-3", "four-4", "five-5");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "this is s3cret no conf",
                "db_password = s3cret\n",
                "[options\ndb_password = s3cret",
                "[options]\njust s3cret words",
                ""
            })
    void what_does_not_parse_is_told_with_its_line_and_without_its_text(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("odoo.conf"), text);

        FaultException refused = catchThrowableOfType(FaultException.class, () -> OdooConf.read(file));

        assertThat(refused.fault().code()).isEqualTo(FaultCode.ODOO_CONF_UNREADABLE);
        assertThat(refused.fault().message()).contains(file.toString()).doesNotContain("s3cret");
        assertThat(refused.fault().remedy()).isNotBlank();
    }

    @Test
    void a_file_that_is_no_text_or_not_there_is_told() throws IOException {
        Path binary = Files.write(folder.resolve("binary.conf"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});

        assertThat(catchThrowableOfType(FaultException.class, () -> OdooConf.read(binary))
                        .fault()
                        .message())
                .contains("UTF-8");
        assertThat(catchThrowableOfType(FaultException.class, () -> OdooConf.read(folder.resolve("none")))
                        .fault()
                        .message())
                .contains("not there");
    }

    private OdooConf read(String text) throws IOException {
        return OdooConf.read(Files.writeString(folder.resolve("odoo.conf"), text, StandardCharsets.UTF_8));
    }
}
