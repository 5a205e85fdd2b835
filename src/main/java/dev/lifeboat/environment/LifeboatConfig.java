package dev.lifeboat.environment;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
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

    /** What this process is. */
    @WithDefault("engine")
    Role role();

    /**
     * Whether this engine begins what is due by the clock: schedules, copies for other stores, reading again. One that a command
     * hosts for its own time does not: nobody who only asks something wants to wait for that.
     */
    @WithDefault("true")
    boolean clock();

    /** Where the installation's key is; otherwise {@code keys} in the data folder. */
    Optional<Path> keysDir();

    /** Keys of other installations whose artifacts are taken: fingerprints, or public keys in Base64. */
    Optional<List<String>> trustedKeys();

    /** The process that does the heavy tasks. */
    Sidecar sidecar();

    /** What holds for all schedules. */
    Schedules schedules();

    /** The processes that do the steps. */
    Functions functions();

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

    /** Who is told what, by a name of one's own. */
    Map<String, Notices> notices();

    /** Who is told, one after the other, of what somebody has to take care of; the first level first. */
    List<EscalationLevel> escalation();

    /** Where people reach the console: what links in notices begin with; left out: notices have none. */
    Optional<URI> publicUrl();

    /** Who may tell of deployments by signed events, by a name of one's own: the last part of the address that they call. */
    Map<String, EventSource> events();

    /** Logins by an identity provider, which {@code quarkus.oidc} describes. */
    Oidc oidc();

    /** The projects by name. */
    Map<String, Project> projects();

    /** What a process is. */
    enum Role {
        /** It has everything: interface, orchestrator, functions, and the heavy tasks unless a sidecar does them. */
        ENGINE,
        /** It serves one function, {@code quarkus.funqy.export}, and nothing else. */
        FUNCTION,
        /** It does the heavy tasks, and has no state of its own. */
        SIDECAR
    }

    /** How schedules are kept. */
    interface Schedules {
        /** How much later than written a schedule may start; each has a delay of its own, and always the same. */
        @WithDefault("1m")
        Duration jitter();

        /** For so long a time that passed without its run is made up for. */
        @WithDefault("12h")
        Duration catchUp();
    }

    /** Of a sidecar: how it works. Of an engine or a function: where it is. */
    interface Sidecar {
        /** Where the sidecar answers; left out: heavy tasks are done in this process. */
        Optional<URI> url();

        /** What lets callers in there. */
        Optional<String> token();

        /** The file (0600) that holds the token, where it is not given itself. */
        Optional<Path> tokenFile();

        /** How many tasks are done at the same time; others wait for their turn. */
        @WithDefault("4")
        int tasksAtOnce();

        /** How long one request to it may take. */
        @WithDefault("5s")
        Duration limit();

        /** A sidecar that has not answered for so long is given up, and its task is done again. */
        @WithDefault("60s")
        Duration lostAfter();
    }

    /** Where the functions are. */
    interface Functions {
        /** The name of the function that begins runs. */
        String START = "start";

        /** The name of the function that advances runs, and does what is due by the clock. */
        String ADVANCE = "advance";

        /**
         * The address of a function, with <code>{name}</code> in the place of its name; left out: functions are called in this
         * process.
         */
        Optional<String> url();

        /** Addresses of single functions by name; each wins over {@link #url}. */
        Map<String, URI> urls();

        /** Functions that AWS Lambda runs: those that no address is configured for. */
        Lambda lambda();

        /** How long one call may take. A step that takes longer goes on in a task and is asked for. */
        @WithDefault("2m")
        Duration limit();

        /** How long a function that can't be reached is tried again within one call. */
        @WithDefault("30s")
        Duration patience();

        /**
         * Whether a process that serves {@link #ADVANCE} does the sweep also for who shows no token, as Knative's PingSource can't: what is due
         * anyhow, and nothing else; it is told nothing.
         */
        @WithDefault("false")
        boolean sweepWithoutToken();
    }

    /** Functions in AWS Lambda. */
    interface Lambda {
        /** Their region; left out: there are none. */
        Optional<String> region();

        /** What their names begin with. */
        @WithDefault("lifeboat-")
        String prefix();

        /** Where Lambda answers; left out: its public endpoint in the region. */
        Optional<URI> endpoint();
    }

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

        /** A program that prints that identity, from a key management service say; in the place of a file. */
        Optional<List<String>> keyCommand();

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

    /** Somebody who is told. */
    interface Notices {
        /** How. */
        Kind kind();

        /** Of slack and webhook: where. */
        Optional<URI> url();

        /** Of a webhook: what its body is signed with. */
        Optional<String> secret();

        /** Of mail: to whom. */
        Optional<List<String>> to();

        /** Of which events; left out: of all. */
        Optional<List<String>> events();

        /** The ways to tell. */
        enum Kind {
            SLACK,
            WEBHOOK,
            MAIL
        }
    }

    /** A level of escalation. */
    interface EscalationLevel {
        /** How long after the beginning it is told, where nobody has acknowledged it by then. */
        @WithDefault("0s")
        Duration after();

        /** Who that is, as people say it: a role, a name, a telephone number. */
        String contact();

        /** How they are told: names of {@link LifeboatConfig#notices}. */
        List<String> notices();
    }

    /** Who tells of deployments by events that it signs. */
    interface EventSource {
        /** What it signs with: {@code whsec_} and the base64 of 24 to 64 bytes (Standard Webhooks). */
        String secret();

        /** The environments that it may tell of: {@code project/name}; left out: of none. */
        Optional<List<String>> environments();
    }

    /** Logins by OpenID Connect: who may what follows from the groups that the provider tells of. */
    interface Oidc {
        /** Whether there is a provider. */
        @WithDefault("false")
        boolean enabled();

        /** What a group gives, by names of one's own. */
        Map<String, Grant> roles();

        /** A role in a project for whoever is in a group. */
        interface Grant {
            /** As the provider names it. */
            String group();

            /** Where; {@code *}: in all projects. */
            String project();

            /** viewer, operator, restorer or admin. */
            String role();
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

        /** Where its Odoo takes websockets, asked for after a start: {@code http://127.0.0.1:8072}. */
        Optional<URI> websocket();

        /** Who reads through its external API in a validation. */
        Rpc rpc();

        /** Odoo's own command line. */
        Odoo odoo();

        /** How its Odoo is stopped and started. */
        Service service();

        /** How the version of its Odoo is set. */
        Version version();

        /** What is looked at after a deployment, and what follows where it went wrong. */
        Deployment deployment();

        /** What is looked at all the time. */
        Watch watch();

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

        /** How long a restore may take (recovery time objective); rehearsals are measured against it. */
        @WithDefault("4h")
        Duration recoveryTime();

        /** How old the newest backup may be (recovery point objective). */
        @WithDefault("24h")
        Duration recoveryPoint();

        /**
         * What starts by itself and when: a name, and five fields as of cron in {@link #zone}. {@code validate}, {@code
         * drill} and {@code prune} do what they say, every other name is a backup with that label.
         */
        Map<String, String> schedule();

        /** The time zone of the schedule, and in which a day of retention begins and ends. */
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

    /** A user of Odoo's external API. */
    interface Rpc {
        /** The login. */
        Optional<String> login();

        /** An API key, or the password. */
        Optional<String> key();
    }

    /** Odoo's own command line. */
    interface Odoo {
        /** The program and its first arguments; left out: it is not run. */
        Optional<List<String>> command();

        /** The odoo.conf as that program sees it; otherwise the environment's odoo-conf. */
        Optional<String> conf();

        /** Which of Odoo's tests run on a copy of what is to be restored; left out: none. */
        Optional<String> testTags();

        /** How long one call may take. */
        @WithDefault("10m")
        Duration limit();
    }

    /** A service. */
    interface Service {
        /** How it is controlled. */
        @WithDefault("none")
        ServiceKind kind();

        /** The systemd unit. */
        @WithDefault("odoo.service")
        String unit();

        /** Of compose: the compose file. */
        Optional<Path> composeFile();

        /** Of compose: the service's name there. */
        @WithDefault("odoo")
        String composeService();

        /** Of compose: the program and its first arguments. */
        @WithDefault("docker,compose")
        List<String> composeCommand();

        /** Of Kubernetes: the namespace. */
        @WithDefault("default")
        String namespace();

        /** Of Kubernetes: the deployment. */
        @WithDefault("odoo")
        String deployment();

        /** The command that starts it: program and arguments. */
        Optional<List<String>> start();

        /** The command that stops it. */
        Optional<List<String>> stop();

        /** The command that exits with 0 while it runs. */
        Optional<List<String>> status();

        /** The command that ends it where it does not stop. */
        Optional<List<String>> kill();

        /** The command that prints what it has logged. */
        Optional<List<String>> logs();

        /** How long a stop or start may take; one that has not stopped by then is ended by force. */
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
            COMPOSE,
            KUBERNETES,
            COMMAND
        }
    }

    /** How a version is set: where none of it is given, Lifeboat does not. */
    interface Version {
        /** Of compose: the file of environment variables that compose reads. */
        Optional<Path> envFile();

        /** Of compose: the variable in it that holds the image's tag. */
        @WithDefault("ODOO_IMAGE_TAG")
        String variable();

        /** Of Kubernetes: the container of which the image is set. */
        Optional<String> container();

        /** The site's own command that deploys a version, for which <code>{version}</code> stands in it. */
        Optional<List<String>> command();

        /** The command that prints the version that is deployed. */
        Optional<List<String>> show();

        /** How long setting it may take, with a download. */
        @WithDefault("10m")
        Duration limit();
    }

    /** Checks after a deployment, and rollbacks. */
    interface Deployment {
        /** What follows where checks fail. */
        @WithDefault("propose")
        @WithConverter(RollbackPolicyConverter.class)
        RollbackPolicy rollback();

        /** How long response times and errors are watched after the other checks; zero: not at all. */
        @WithDefault("1m")
        Duration window();

        /** An answer that takes longer is too slow. */
        @WithDefault("10s")
        Duration responseTime();

        /** So many times as long as before the deployment is too slow; what takes less than a second never is. */
        @WithDefault("5")
        double slowerThanBefore();

        /** More errors among the answers of the window than so many per cent are too many. */
        @WithDefault("10")
        double errorRate();

        /** A table that has lost more rows than so many per cent since the backup before has lost data. */
        @WithDefault("1")
        double allowedShrink();

        /** Tables of the schema public that are counted besides those that a validation counts. */
        Optional<List<String>> tables();

        /** Modules that have to be on disk and installed. */
        Optional<List<String>> addons();

        /** Checks of the site's own by name. */
        Map<String, Smoke> smoke();

        /** How long a rollback is meant to take. */
        @WithDefault("15m")
        Duration target();

        /** A rollback that takes longer is escalated. */
        @WithDefault("30m")
        Duration maximum();
    }

    /** What follows where the checks of a deployment fail. */
    enum RollbackPolicy {
        /** It is told. */
        OFF,
        /** A rollback is proposed; a person begins it. */
        PROPOSE,
        /** What must not wait is rolled back; what can is proposed. */
        AUTOMATIC
    }

    /** What is looked at all the time, and told where it is in trouble. */
    interface Watch {
        /** Whether it is. */
        @WithDefault("false")
        boolean enabled();

        /** How long pages may fail to answer before it is told. */
        @WithDefault("3m")
        Duration healthFor();

        /** How much of a volume may be used, in per cent. */
        @WithDefault("85")
        int disk();

        /** How much of this machine's memory may be used, in per cent. */
        @WithDefault("95")
        int memory();
    }

    /** A check of the site's own: a command, or a read through Odoo's API. */
    interface Smoke {
        /** Program and arguments; it passes where it exits with 0. */
        Optional<List<String>> command();

        /** The model of which one record has to be readable through Odoo's API. */
        Optional<String> read();

        /** Whether its failure must not wait (an invoice can't be made), or is for people to weigh. */
        @WithDefault("false")
        boolean critical();

        /** How long the command may take. */
        @WithDefault("30s")
        Duration limit();
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
