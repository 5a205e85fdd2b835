package dev.lifeboat.environment;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The configuration, as {@code config/application.yaml} in the working folder and environment variables give it. What is
 * left out is taken from odoo.conf or from the default.
 */
@ConfigMapping(prefix = "lifeboat")
public interface LifeboatConfig {
    /** Lifeboat's own folder: its state, its keys, and by default the store. */
    @WithDefault("data")
    Path dataDir();

    /** The root of the evidence. */
    @WithDefault("docs/evidence")
    Path evidenceDir();

    /** Lets callers in over HTTP; the command line makes one where none is set. */
    Optional<String> token();

    /** Whether this process alone uses the state: then it takes up at once what an earlier one left. */
    @WithDefault("false")
    boolean soleOwner();

    /** The folder of pg_dump and pg_restore, where the usual places are not meant. */
    Optional<Path> pgBin();

    /** How long a store may hang during a backup, or be waited for most of the time, before it gets its copy later. */
    @WithDefault("30s")
    Duration storePatience();

    /** The server that commands talk to, in place of the data folder's engine; an engine makes nothing of it. */
    Optional<URI> url();

    /** Every copy of every artifact is read again and compared with its manifest after so long. */
    @WithDefault("30d")
    Duration readAgainAfter();

    /** The stores by name; {@code primary} is a folder in the data folder unless it is named here. */
    Map<String, Store> stores();

    /** The projects by name. */
    Map<String, Project> projects();

    /** A store. */
    interface Store {
        /** What kind of place it is. */
        @WithDefault("folder")
        StoreKind kind();

        /** Of a folder: where it is. */
        Optional<Path> path();

        /** Of a bucket: its name. */
        Optional<String> bucket();

        /** What every key in the bucket begins with. */
        Optional<String> prefix();

        /** The bucket's region. */
        @WithDefault("us-east-1")
        String region();

        /** The server; left out: that of AWS for the region. */
        Optional<URI> endpoint();

        /** The access key; left out: the AWS SDK looks in its usual places. */
        Optional<String> accessKey();

        /** The secret key that goes with it. */
        Optional<String> secretKey();

        /** Whether the bucket's name stands in the path; left out: where an endpoint is set. */
        Optional<Boolean> pathStyle();

        /** Whether the server is given a SHA-256 of each part to check. */
        @WithDefault("true")
        boolean checksums();

        /** The file with the age identity that artifacts are encrypted to; left out: they are not encrypted. */
        Optional<Path> keyFile();

        /** Whether Object Lock protects artifacts until retention gives them up, and in which mode. */
        @WithDefault("none")
        ObjectLock objectLock();

        /** How long a lock lasts; it is extended as long as retention keeps the artifact. */
        @WithDefault("7d")
        Duration lockFor();

        /** How an artifact that retention gives up goes. */
        @WithDefault("delete")
        Expiry expiry();

        /** How long one request may take. */
        @WithDefault("60s")
        Duration limit();

        /** The kinds of stores. */
        enum StoreKind {
            FOLDER,
            S3
        }

        /** The modes of Object Lock. */
        enum ObjectLock {
            NONE,
            GOVERNANCE,
            COMPLIANCE
        }

        /** What becomes of what retention gives up. */
        enum Expiry {
            DELETE,
            TAG
        }
    }

    /** A project. */
    interface Project {
        /** Its environments by name. */
        Map<String, Environment> environments();
    }

    /** An environment. */
    interface Environment {
        /** What it is for. */
        EnvironmentType type();

        /** Its odoo.conf. */
        Optional<Path> odooConf();

        /** Its database; each value wins over odoo.conf. */
        Database database();

        /** Its filestore; otherwise {@code <data_dir>/filestore/<database>} of odoo.conf. */
        Optional<Path> filestore();

        /** The folders of addons; otherwise addons_path of odoo.conf. */
        Optional<List<Path>> addonsPath();

        /** Where its Odoo answers. */
        Optional<URI> url();

        /** How its Odoo is stopped and started. */
        Service service();

        /** The stores that its artifacts are kept in; the first is the primary. */
        @WithDefault("primary")
        List<String> stores();

        /** How many backups of which age are kept. */
        Retention retention();

        /**
         * How long a restore keeps what it displaced; left out: a day in production, not at all elsewhere. Zero: it is
         * dropped when the restore has succeeded.
         */
        Optional<Duration> keepDisplaced();

        /** The time zone in which a day of retention begins and ends. */
        @WithDefault("UTC")
        java.time.ZoneId zone();
    }

    /** A database. */
    interface Database {
        /** Name or address of the server. */
        Optional<String> host();

        /** Its port. */
        Optional<Integer> port();

        /** The database's name. */
        Optional<String> name();

        /** The role. */
        Optional<String> user();

        /** The role's password. */
        Optional<String> password();

        /** libpq's sslmode. */
        Optional<String> sslmode();
    }

    /** A service. */
    interface Service {
        /** How it is controlled. */
        @WithDefault("none")
        ServiceKind kind();

        /** The systemd unit. */
        @WithDefault("odoo.service")
        String unit();

        /** The command that starts it: program and arguments. */
        Optional<List<String>> start();

        /** The command that stops it. */
        Optional<List<String>> stop();

        /** The command that exits with 0 while it runs. */
        Optional<List<String>> status();

        /** How long a stop or start may take. */
        @WithDefault("60s")
        Duration limit();

        /** How long the service may take until it is healthy after a start. */
        @WithDefault("120s")
        Duration healthLimit();

        /** Whether a backup stops the service meanwhile; the snapshot makes that unnecessary. */
        @WithDefault("false")
        boolean stopForBackup();

        /** The kinds of control. */
        enum ServiceKind {
            NONE,
            SYSTEMD,
            COMMAND
        }
    }

    /** How many backups are kept. */
    interface Retention {
        /** What the numbers are that are left out. */
        @WithDefault("standard")
        Preset preset();

        /** Newest of so many days. */
        OptionalInt daily();

        /** Newest of so many weeks. */
        OptionalInt weekly();

        /** Newest of so many months. */
        OptionalInt monthly();

        /** The sets of numbers. */
        enum Preset {
            /** 7 days, 4 weeks, 3 months. */
            STANDARD,
            /** The disaster recovery plan's: 30 days, 12 weeks, 6 months. */
            DR
        }
    }
}
