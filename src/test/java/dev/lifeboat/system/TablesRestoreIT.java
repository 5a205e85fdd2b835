package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lifeboat.json.Json;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of chosen tables that come back into the live database. */
class TablesRestoreIT {
    private static final int PARTNERS = 500;

    /** As Odoo has them: what belongs to a partner is deleted with it, by foreign keys, over two levels and in a circle. */
    private static final String DEPENDANTS = """
            CREATE TABLE res_partner_bank (id serial PRIMARY KEY, acc_number varchar NOT NULL,
                partner_id integer NOT NULL REFERENCES res_partner ON DELETE CASCADE);
            CREATE TABLE res_partner_bank_mandate (id serial PRIMARY KEY, signed date,
                reference varchar GENERATED ALWAYS AS ('M' || id::text) STORED,
                bank_id integer NOT NULL REFERENCES res_partner_bank ON DELETE CASCADE);
            CREATE TABLE res_partner_category (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name jsonb);
            CREATE TABLE res_partner_category_rel (partner_id integer NOT NULL REFERENCES res_partner ON DELETE CASCADE,
                category_id integer NOT NULL REFERENCES res_partner_category ON DELETE CASCADE,
                PRIMARY KEY (partner_id, category_id));
            ALTER TABLE res_partner ADD COLUMN main_bank_id integer REFERENCES res_partner_bank ON DELETE SET NULL;
            INSERT INTO res_partner_category (name) SELECT jsonb_build_object('en_US', 'Tag ' || n) FROM generate_series(1, 5) n;
            INSERT INTO res_partner (id, name, email, company_id, country_id, comment)
                SELECT n, 'Lost ' || n, 'lost' || n || '@example.com', 1, 1 + n % 4, E'tab\\tand \\\\N'
                FROM generate_series(1001, 1500) n;
            UPDATE res_partner SET parent_id = 1000 + id % 7 + 1 WHERE id > 1100;
            INSERT INTO res_partner_bank (partner_id, acc_number) SELECT n, 'DE' || n FROM generate_series(1001, 1500) n;
            UPDATE res_partner p SET main_bank_id = b.id FROM res_partner_bank b WHERE b.partner_id = p.id;
            INSERT INTO res_partner_bank_mandate (bank_id, signed) SELECT id, date '2026-01-01' FROM res_partner_bank;
            INSERT INTO res_partner_category_rel SELECT n, 1 + n % 5 FROM generate_series(1001, 1500) n;
            SELECT setval('res_partner_id_seq', 1500)""";

    private static final String DELETE = "DELETE FROM res_partner WHERE id > 1000";

    @TempDir
    Path folder;

    private Installation shop;
    private String artifact;

    @BeforeEach
    void install() throws IOException, InterruptedException {
        shop = Installation.create(folder, "it_tables", 5);
        TestCluster.execute(shop.database(), DEPENDANTS);
        TestCluster.execute(shop.database(), "SELECT lo_from_bytea(0, 'a large object')");
        shop.addInheriting();
        shop.serve();
        artifact = shop.lifeboat("backup", "shop", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
    }

    @AfterEach
    void remove() throws IOException {
        shop.close();
    }

    private Installation.Ended restore(String... more) {
        var command = new ArrayList<>(List.of("tables", "restore", "shop", artifact, "--json"));
        command.addAll(List.of(more));
        return shop.lifeboat(command.toArray(String[]::new));
    }

    private static JsonNode evidence(JsonNode run, String file) throws IOException {
        return Json.mapper()
                .readTree(Path.of(run.path("evidence_dir").asText(), file).toFile());
    }

    private static JsonNode table(JsonNode plan, String name) {
        for (JsonNode table : plan.path("tables")) {
            if (table.path("table").asText().equals("public." + name)) {
                return table;
            }
        }
        throw new AssertionError(name + " is not in " + plan);
    }

    private String value(String sql) throws SQLException {
        return TestCluster.query(shop.database(), sql);
    }

    @Test
    void five_hundred_partners_come_back_with_what_was_deleted_along_and_nothing_else_changes() throws Exception {
        var before = shop.tables();
        TestCluster.execute(shop.database(), DELETE + "; ALTER SEQUENCE res_partner_id_seq RESTART WITH 900");
        assertThat(shop.tables()).isNotEqualTo(before);
        var deleted = shop.tables();

        JsonNode rehearsed = restore("res_partner", "--mode", "insert-missing", "--with-dependants", "--dry-run")
                .succeeded()
                .json();

        assertThat(shop.tables()).as("a dry run writes nothing").isEqualTo(deleted);
        assertThat(value("SELECT last_value::text FROM res_partner_id_seq")).isEqualTo("900");
        JsonNode plan = evidence(rehearsed, "table_plan.json").path("plan");
        assertThat(table(plan, "res_partner").path("insert").asInt()).isEqualTo(PARTNERS);
        assertThat(table(plan, "res_partner_bank").path("insert").asInt()).isEqualTo(PARTNERS);
        assertThat(table(plan, "res_partner_bank_mandate").path("insert").asInt())
                .isEqualTo(PARTNERS);
        assertThat(table(plan, "res_partner_bank_mandate")
                        .path("generated")
                        .path(0)
                        .asText())
                .isEqualTo("reference");
        assertThat(table(plan, "res_partner_category_rel").path("insert").asInt())
                .isEqualTo(PARTNERS);
        assertThat(plan.path("conflicts")).isEmpty();

        JsonNode run = restore("res_partner", "--mode", "insert-missing", "--with-dependants")
                .succeeded()
                .json();

        assertThat(shop.tables()).isEqualTo(before);
        assertThat(value("SELECT nextval('res_partner_id_seq')::text")).isEqualTo("1501");
        assertThat(value("SELECT nextval('res_partner_bank_id_seq')::text"))
                .as("a sequence that is high enough stays")
                .isEqualTo("501");
        assertThat(run.path("pre_restore_backup_id").asText()).isNotBlank();
        assertThat(evidence(run, "table_restore.json").path("written").asBoolean())
                .isTrue();
        assertThat(shop.leftBeside()).isEmpty();
        shop.lifeboat("evidence", "verify", run.path("run_id").asText()).succeeded();
        assertThat(restore("res_partner", "--mode", "insert-missing", "--with-dependants", "--no-safety-backup")
                        .succeeded()
                        .json()
                        .path("steps")
                        .toString())
                .as("done again, there is nothing to do")
                .contains("0 inserted, 0 updated, 0 deleted");
    }

    @Test
    void what_was_deleted_along_is_offered_and_a_reference_to_what_is_gone_is_refused_before_anything_is_written()
            throws Exception {
        TestCluster.execute(shop.database(), DELETE);
        var deleted = shop.tables();

        Installation.Ended refused = restore("res_partner", "--mode", "insert-missing");

        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.json().path("fault").path("code").asText()).isEqualTo("TABLES_CONFLICT");
        assertThat(refused.json().path("fault").path("message").asText())
                .contains("500 rows of public.res_partner refer by main_bank_id to rows of public.res_partner_bank");
        assertThat(refused.json().hasNonNull("pre_restore_backup_id")).isFalse();
        JsonNode plan = evidence(refused.json(), "table_plan.json").path("plan");
        assertThat(plan.path("dependants").toString())
                .contains("{\"table\":\"public.res_partner_bank_mandate\",\"rows\":500}");
        assertThat(shop.tables()).isEqualTo(deleted);
        assertThat(shop.leftBeside()).isEmpty();
    }

    @Test
    void a_failure_in_the_middle_leaves_the_database_as_it_was() throws Exception {
        TestCluster.execute(shop.database(), DELETE + """
                ; CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS
                  $$ BEGIN IF NEW.partner_id = 1400 THEN RAISE EXCEPTION 'stumbled'; END IF; RETURN NEW; END $$;
                CREATE TRIGGER stumble BEFORE INSERT ON res_partner_bank FOR EACH ROW EXECUTE FUNCTION stumble()""");
        var deleted = shop.tables();

        Installation.Ended failed =
                restore("res_partner", "--mode", "insert-missing", "--with-dependants", "--no-safety-backup");

        assertThat(failed.exitCode()).isEqualTo(1);
        assertThat(failed.json().path("fault").path("facts").path("tool_output").asText())
                .contains("stumbled");
        assertThat(shop.tables()).isEqualTo(deleted);
        assertThat(shop.leftBeside()).isEmpty();
    }

    @Test
    void chosen_rows_are_put_back_or_made_equal_as_the_mode_says() throws Exception {
        var before = shop.tables();
        TestCluster.execute(
                shop.database(),
                "UPDATE res_country SET code = 'XX' WHERE id = 2; UPDATE \"Products\" SET notes = 'spoilt' WHERE id < 5;"
                        + " INSERT INTO \"Products\" (\"Display Name\") VALUES ('new one')");

        restore("Products", "--ids", "1,2,3,4,41", "--mode", "replace", "--no-safety-backup")
                .succeeded();
        restore("res_country", "--where", "code=AT", "--mode", "insert-missing", "--no-safety-backup")
                .succeeded();

        assertThat(shop.tables().get("public.\"Products\"")).isEqualTo(before.get("public.\"Products\""));
        assertThat(value("SELECT code FROM res_country WHERE id = 2"))
                .as("insert-missing leaves a row that is there")
                .isEqualTo("XX");
        restore("res_country", "--where", "code=AT", "--mode", "upsert", "--no-safety-backup")
                .succeeded();
        assertThat(shop.tables()).isEqualTo(before);

        TestCluster.execute(shop.database(), "UPDATE ir_act_window SET path = 'spoilt', res_model = NULL WHERE id < 9");
        restore("ir_act_window", "--mode", "upsert", "--no-safety-backup").succeeded();
        assertThat(shop.tables()).isEqualTo(before);
    }

    @Test
    void replace_deletes_nothing_that_somebody_refers_to() throws Exception {
        TestCluster.execute(
                shop.database(),
                "INSERT INTO res_country (id, name, code) VALUES (9, '{}', 'ZZ');"
                        + " UPDATE res_partner SET country_id = 9 WHERE id = 7");
        var present = shop.tables();

        Installation.Ended refused = restore("res_country", "--mode", "replace", "--no-safety-backup");

        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.json().path("fault").path("message").asText())
                .contains("1 rows of public.res_partner refer by country_id");
        assertThat(shop.tables()).isEqualTo(present);
    }

    @Test
    void what_can_not_be_restored_is_refused_before_a_run_begins() throws Exception {
        TestCluster.execute(
                shop.database(),
                "ALTER TABLE res_currency ALTER COLUMN rounding TYPE double precision; DROP TABLE res_users_log;"
                        + " ALTER TABLE stock_quant DROP CONSTRAINT stock_quant_pkey");
        refused(2, "no table 'res.partner'", "res.partner", "--mode", "upsert");
        refused(2, "no table 'account_invoice_report'", "account_invoice_report", "--mode", "upsert");
        refused(2, "the live database has no table public.res_users_log", "res_users_log", "--mode", "upsert");
        refused(2, "neither a primary key", "stock_quant", "--mode", "upsert");
        refused(2, "no mode", "res_country", "--mode", "overwrite");
        refused(2, "no column 'colour'", "res_country", "--where", "colour=red", "--mode", "upsert");
        refused(2, "is no condition", "res_country", "--where", "code", "--mode", "upsert");
        refused(2, "one table", "res_country", "res_currency", "--ids", "1", "--mode", "upsert");
        Installation.Ended type = restore("res_currency", "--mode", "upsert", "--no-safety-backup");
        assertThat(type.exitCode()).isEqualTo(1);
        assertThat(type.json().path("fault").path("message").asText())
                .contains("rounding (numeric in the backup, double precision now)", "nothing was written");
        Installation.Ended value =
                restore("res_country", "--where", "id=three'; DROP TABLE res_country; --", "--mode", "upsert");
        assertThat(value.json().path("fault").path("code").asText()).isEqualTo("BAD_INPUT");
        assertThat(value("SELECT count(*)::text FROM res_country")).isEqualTo("4");
    }

    private void refused(int exitCode, String why, String... more) {
        Installation.Ended ended = restore(more);
        assertThat(ended.errors()).contains(why);
        assertThat(ended.exitCode()).as(ended.errors()).isEqualTo(exitCode);
    }

    @Test
    void production_wants_its_name_and_its_safety_backup() throws Exception {
        shop.stop();
        shop.configure("production", "", "", "");
        assertThat(restore("res_country", "--mode", "upsert").errors()).contains("--confirm shop");
        assertThat(restore("res_country", "--mode", "upsert", "--confirm", "shop", "--no-safety-backup")
                        .errors())
                .contains("is production: its database is backed up");
        restore("res_country", "--mode", "upsert", "--confirm", "shop").succeeded();
    }

    @Test
    void columns_of_one_side_only_are_told_and_one_that_has_to_be_filled_is_not_guessed() throws Exception {
        TestCluster.execute(
                shop.database(),
                "ALTER TABLE \"Products\" ADD COLUMN rating integer NOT NULL DEFAULT 3, DROP COLUMN notes;"
                        + " DELETE FROM \"Products\" WHERE id = 40");
        JsonNode run = restore("Products", "--mode", "insert-missing", "--no-safety-backup")
                .succeeded()
                .json();
        JsonNode products =
                evidence(run, "table_restore.json").path("plan").path("tables").path(0);
        assertThat(products.path("only_in_backup").path(0).asText()).isEqualTo("notes");
        assertThat(products.path("only_live").path(0).asText()).isEqualTo("rating");
        assertThat(value("SELECT rating::text FROM \"Products\" WHERE id = 40")).isEqualTo("3");

        TestCluster.execute(
                shop.database(),
                "ALTER TABLE \"Products\" ALTER COLUMN rating DROP DEFAULT; DELETE FROM \"Products\" WHERE id = 39");
        Installation.Ended refused = restore("Products", "--mode", "insert-missing", "--no-safety-backup");
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.json().path("fault").path("message").asText())
                .contains("wants values for columns that the backup does not have: rating");
    }
}
