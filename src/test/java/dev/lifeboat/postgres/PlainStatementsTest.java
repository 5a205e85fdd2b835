package dev.lifeboat.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which statements of a dump from elsewhere are run. */
final class PlainStatementsTest {
    private static String read(String sql) throws IOException {
        var in = new PlainStatements(new ByteArrayInputStream(sql.getBytes(StandardCharsets.UTF_8)));
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    private static Fault refused(String sql) {
        return catchThrowableOfType(FaultException.class, () -> read(sql)).fault();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DROP DATABASE live;",
                "drop\n/* a */ -- b\n database live;",
                "-- x\rDROP DATABASE live;",
                "/* a */* 1; DROP DATABASE live; --*/",
                "CREATE DATABASE other;",
                "ALTER DATABASE live RENAME TO x;",
                "ALTER SYSTEM SET x = 1;",
                "CREATE ROLE r SUPERUSER;",
                "ALTER USER odoo PASSWORD 'x';",
                "DROP ROLE r;",
                "DROP OWNED BY r;",
                "REASSIGN OWNED BY a TO b;",
                "GRANT admins TO odoo;",
                "GRANT ALL ON DATABASE live TO public;",
                "SET ROLE postgres;",
                "SET SESSION AUTHORIZATION postgres;",
                "SET standard_conforming_strings = off;",
                "SET client_encoding = 'SJIS';",
                "SET NAMES 'SJIS';",
                "LOAD 'x';",
                "COPY t FROM PROGRAM 'id';",
                "COPY t TO PROGRAM 'id';",
                "COPY (SELECT 1) TO '/tmp/x';",
                "COPY t (a, b) FROM '/etc/passwd';",
                "COPY t FROM stdin; DROP DATABASE live;\n1\n\\.\n",
                "\\connect live\nSELECT 1;",
                "\\! id\n",
                "SELECT 1 \\g |id\n",
                "SELECT 'a' ; DROP DATABASE live;",
                "SELECT 'it''s'; DROP DATABASE live;",
                "SELECT E'\\''; DROP DATABASE live; --'",
                "SELECT '\\''; DROP DATABASE live; --'",
                "SELECT \"a\"\"b\"; DROP DATABASE live;",
                "SELECT $a$ ; $b$ ' $a$; DROP DATABASE live; --'",
                "SELECT 1$$ ' $$; DROP DATABASE live; --'",
                "COPY t FROM stdin;\n\\.x\n \\.\n\\.\nDROP DATABASE live;",
                "CREATE TABLE a (b text); DROP DATABASE live"
            })
    void what_reaches_beyond_the_database_is_refused_with_its_line(String statement) {
        Fault fault = refused("SELECT 1;\n\n" + statement + "\n");
        assertThat(fault.code()).isEqualTo(FaultCode.LOAD_FAILED);
        assertThat(Integer.parseInt(fault.facts().get("line"))).isBetween(3, 8);
        assertThat(fault.message())
                .contains("line " + fault.facts().get("line"), fault.facts().get("statement"));
    }

    @Test
    void the_line_and_the_statement_are_named() {
        assertThat(refused("SELECT 1;\nSELECT\n 2;\n  DROP\nDATABASE live;\n").facts())
                .containsEntry("line", "5")
                .containsEntry("statement", "DROP DATABASE");
    }

    @Test
    void a_statement_whose_end_is_far_away_is_refused_before_what_it_names_is_passed_on() throws IOException {
        String sql = "SELECT 1;\nDROP DATABASE /* " + "x".repeat(300_000) + " */ live;";
        var in = new PlainStatements(new ByteArrayInputStream(sql.getBytes(StandardCharsets.UTF_8)));
        byte[] passed = new byte[1 << 14];
        assertThat(catchThrowableOfType(FaultException.class, () -> in.read(passed, 0, passed.length)))
                .isNotNull();
    }

    @Test
    void what_pg_dump_writes_is_passed_on_as_it_is() throws IOException {
        String dump = """
                --
                -- PostgreSQL database dump; DROP DATABASE is only a word here
                --

                \\restrict abcDEF1

                SET statement_timeout = 0;
                SET client_encoding = 'UTF8';
                SET standard_conforming_strings = on;
                SELECT pg_catalog.set_config('search_path', '', false);
                SET default_tablespace = '';
                CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
                CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $_$
                begin execute 'x; DROP DATABASE y' using $1; return null; end; $_$;
                CREATE FUNCTION public.g(a integer) RETURNS integer LANGUAGE sql
                    BEGIN ATOMIC
                 SELECT (a + 1);
                END;
                CREATE TABLE public."Products" (id integer DEFAULT 1, "role" text, note text DEFAULT 'a;b');
                CREATE VIEW public.v AS SELECT (note ~ E'^\\\\d+\\'$'::text) AS d FROM public."Products";
                COMMENT ON COLUMN public."Products".note IS 'it''s; DROP ROLE x';
                COPY public."Products" (id, "role", note) FROM stdin;
                1	\\N	DROP DATABASE live;
                2	a\\\\b	$$ ' " /* --
                \\.


                SELECT pg_catalog.setval('public.s', 1, true);
                ALTER TABLE ONLY public."Products" ADD CONSTRAINT k PRIMARY KEY (id);
                GRANT SELECT(id),UPDATE(id) ON TABLE public."Products" TO reader;
                REVOKE ALL ON SCHEMA public FROM PUBLIC;
                ALTER DEFAULT PRIVILEGES FOR ROLE odoo IN SCHEMA public GRANT SELECT ON TABLES TO reader;
                DROP TABLE IF EXISTS public.x;
                BEGIN;
                SELECT pg_catalog.lo_open('16400', 131072);
                COMMIT;
                SET row_security = off;
                \\unrestrict abcDEF1
                """;
        assertThat(read(dump)).isEqualTo(dump);
    }
}
