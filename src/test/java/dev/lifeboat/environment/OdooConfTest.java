package dev.lifeboat.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expectations were checked against Python's own configparser. */
final class OdooConfTest {
    @TempDir
    Path folder;

    private OdooConf conf(String text) throws IOException {
        return OdooConf.read(Files.writeString(folder.resolve("odoo.conf"), text));
    }

    @Test
    void both_separators_and_any_case_of_keys_are_read() throws IOException {
        OdooConf conf = conf("[options]\nDB_Host = db.local\ndb_port: 5433\ndb_password=a=b:c ; not a comment\n");
        assertThat(conf.get("db_host")).contains("db.local");
        assertThat(conf.port("db_port")).hasValue(5433);
        assertThat(conf.get("db_password")).contains("a=b:c ; not a comment");
    }

    @Test
    void a_percent_sign_is_only_a_percent_sign() throws IOException {
        assertThat(conf("[options]\ndb_password = 50%(x)s%\n").get("db_password"))
                .contains("50%(x)s%");
    }

    @Test
    void a_value_goes_on_in_indented_lines_across_comments_and_blank_lines() throws IOException {
        OdooConf conf = conf("""
                # of the site
                [options]
                addons_path = /a,
                    /b,
                # between

                    /c
                data_dir = /d
                """);
        assertThat(conf.list("addons_path")).containsExactly("/a", "/b", "/c");
        assertThat(conf.get("data_dir")).contains("/d");
    }

    @Test
    void an_indented_file_is_not_one_long_value() throws IOException {
        OdooConf conf = conf("  [options]\n  db_user = odoo\n  db_name = shop\n");
        assertThat(conf.get("db_user")).contains("odoo");
        assertThat(conf.get("db_name")).contains("shop");
    }

    @Test
    void other_sections_are_left_out_and_defaults_hold_where_options_has_none() throws IOException {
        OdooConf conf = conf("""
                [DEFAULT]
                db_user = everybody
                db_port = 1
                [queue_job]
                db_user = somebody
                [options]
                db_port = 5432
                """);
        assertThat(conf.get("db_user")).contains("everybody");
        assertThat(conf.port("db_port")).hasValue(5432);
    }

    @ParameterizedTest
    @ValueSource(strings = {"False", "false", "None", "", "   "})
    void a_value_that_says_nothing_is_absent(String value) throws IOException {
        assertThat(conf("[options]\ndb_host = " + value + "\n").get("db_host")).isEmpty();
    }

    @Test
    void a_former_name_of_an_option_is_understood() throws IOException {
        OdooConf conf = conf("[options]\nxmlrpc_port = 8070\nlongpolling_port = 8073\n");
        assertThat(conf.port("http_port")).hasValue(8070);
        assertThat(conf.port("gevent_port")).hasValue(8073);
    }

    @Test
    void a_port_that_is_none_is_not_taken_for_one() throws IOException {
        OdooConf conf = conf("[options]\ndb_port = 70000\nhttp_port = eighty\n");
        assertThat(conf.port("db_port")).isEmpty();
        assertThat(conf.port("http_port")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "this is secretvalue no conf",
                "[options]\nsecretvalue\n",
                "db_password = secretvalue\n",
                "[options\ndb_password secretvalue\n",
                "[options]\n= secretvalue\n",
                "[options]\ndb_password = secretvalue\nDB_PASSWORD = secretvalue\n",
                "[options]\na = 1\n[options]\ndb_password = secretvalue\n",
                "[other]\ndb_password = secretvalue\n",
                "\uFEFF[options]\ndb_password = secretvalue\n"
            })
    void what_odoo_would_not_read_is_refused_without_echoing_it(String text) {
        var thrown = catchThrowableOfType(FaultException.class, () -> conf(text));
        assertThat(thrown.fault().code()).isEqualTo(FaultCode.ODOO_CONF_UNREADABLE);
        assertThat(thrown.fault().toString()).contains("odoo.conf").doesNotContain("secretvalue");
        assertThat(thrown.fault().remedy()).isNotBlank();
    }

    @Test
    void the_line_that_does_not_parse_is_named() {
        assertThatThrownBy(() -> conf("[options]\n# one\ndb_host = x\nnonsense\n"))
                .hasMessageContaining("line 4")
                .hasMessageContaining("key = value");
    }

    @Test
    void an_option_that_stands_twice_is_named_with_both_lines() {
        assertThatThrownBy(() -> conf("[options]\ndb_host = x\n\ndb_host = y\n"))
                .hasMessageContaining("db_host")
                .hasMessageContaining("line 2")
                .hasMessageContaining("line 4");
    }

    @Test
    void a_file_that_is_not_there_or_no_text_is_a_fault_of_its_own_words() throws IOException {
        assertThatThrownBy(() -> OdooConf.read(folder.resolve("nowhere"))).hasMessageContaining("is not there");
        assertThatThrownBy(() -> OdooConf.read(folder)).hasMessageContaining("is no file");
        Path latin =
                Files.write(folder.resolve("latin"), "[options]\na = \u00e9".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> OdooConf.read(latin)).hasMessageContaining("UTF-8");
    }

    @Test
    void no_secret_is_shown_and_an_absent_one_stays_absent() throws IOException {
        OdooConf conf = conf("""
                [options]
                admin_passwd = s3cr3t-admin
                db_password = False
                smtp_password = s3cr3t-smtp
                api_key = s3cr3t-key
                webhook = https://user:s3cr3t-url@example.org/x
                db_user = odoo
                """);
        assertThat(conf.redacted().toString()).doesNotContain("s3cr3t");
        assertThat(conf.redacted())
                .containsEntry("admin_passwd", "[REDACTED]")
                .containsEntry("db_password", "False")
                .containsEntry("webhook", "https://[REDACTED]@example.org/x")
                .containsEntry("db_user", "odoo");
        assertThat(conf.secrets())
                .extracting(Secret::value)
                .containsExactlyInAnyOrder("s3cr3t-admin", "s3cr3t-smtp", "s3cr3t-key", "s3cr3t-url");
    }

    @Test
    void the_socket_is_looked_for_in_each_folder_that_libpq_may_have_been_built_with(@TempDir Path temp)
            throws IOException {
        Path first = Files.createDirectory(temp.resolve("first"));
        Path second = Files.createDirectory(temp.resolve("second"));
        Files.createFile(second.resolve(".s.PGSQL.5433"));
        OdooConf conf = conf("[options]\n");
        assertThat(conf.databaseHost(false, 5433, List.of(first, second))).isEqualTo(second.toString());
        assertThat(conf.databaseHost(false, 5432, List.of(first, second))).isEqualTo(first.toString());
        assertThat(conf.databaseHost(true, 5433, List.of(first, second))).isEqualTo("localhost");
    }
}
