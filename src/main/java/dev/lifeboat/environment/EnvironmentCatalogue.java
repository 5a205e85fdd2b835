package dev.lifeboat.environment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The environments that are configured, and where their parts are: the configuration first, then odoo.conf, then defaults. */
@ApplicationScoped
public class EnvironmentCatalogue {
    private static final Duration KEPT_IN_PRODUCTION = Duration.ofHours(24);

    private static final Logger LOG = Logger.getLogger(EnvironmentCatalogue.class);
    private static final int POSTGRESQL_PORT = 5432;
    private static final String LOCAL = "localhost";

    private final LifeboatConfig config;

    EnvironmentCatalogue(LifeboatConfig config) {
        this.config = config;
    }

    /**
     * Refuses to start with a configuration that can't be meant, with everything that is wrong at once. An environment whose
     * odoo.conf can't be read now is only warned of: in a disaster just that file may be gone, and the other environments
     * must still be served.
     */
    void checkAtStart(@Observes StartupEvent event) {
        List<Fault> findings = findings();
        if (!findings.isEmpty()) {
            throw new ConfigurationException(told(findings), Set.of());
        }
        unresolved().forEach(fault -> LOG.warnf("%s %s", fault.message(), fault.remedy()));
    }

    private static String told(List<Fault> findings) {
        var text = new StringBuilder(
                "the configuration has " + findings.size() + (findings.size() == 1 ? " mistake:" : " mistakes:"));
        findings.forEach(fault ->
                text.append("\n  - ").append(fault.message()).append(". ").append(fault.remedy()));
        return text.toString();
    }

    /** Everything in the configuration that can't be meant, whatever odoo.conf says; empty: nothing. */
    public List<Fault> findings() {
        return ConfigurationCheck.findings(config, this::resolvedQuietly);
    }

    /** Why the parts of environments can't be told at present: odoo.conf is missing, or says too little. */
    public List<Fault> unresolved() {
        var faults = new ArrayList<Fault>();
        for (EnvironmentId id : all()) {
            try {
                resolve(id);
            } catch (FaultException e) {
                faults.add(e.fault());
            }
        }
        return faults;
    }

    private Optional<Bindings> resolvedQuietly(EnvironmentId id) {
        try {
            return Optional.of(bindings(id));
        } catch (FaultException e) {
            // told by unresolved()
            return Optional.empty();
        }
    }

    /** All environments, in the order of their names. */
    public List<EnvironmentId> all() {
        return config.projects().entrySet().stream()
                .flatMap(project -> project.getValue().environments().keySet().stream()
                        .map(name -> new EnvironmentId(project.getKey(), name)))
                .sorted(Comparator.comparing(EnvironmentId::toString))
                .toList();
    }

    /**
     * Finds an environment by {@code env} where that is unique, by {@code project/env} or by {@code project.env}.
     *
     * @throws FaultException UNKNOWN_ENVIRONMENT that lists those that there are, and says how to add one
     */
    public EnvironmentId find(String text) {
        List<EnvironmentId> all = all();
        String wanted = text.replace('.', '/');
        List<EnvironmentId> found = all.stream()
                .filter(id -> id.toString().equals(wanted) || id.name().equals(wanted))
                .toList();
        if (found.size() == 1) {
            return found.getFirst();
        }
        throw Fault.of(
                        FaultCode.UNKNOWN_ENVIRONMENT,
                        found.isEmpty()
                                ? "there is no environment '" + text + "' in the configuration of " + lookedAt()
                                : "'" + text + "' is the name of more than one environment",
                        remedy(all, found))
                .toException();
    }

    /** Which installation this is: its data folder, and the configuration file that its working folder has or lacks. */
    public String lookedAt() {
        Path file = Path.of("config", "application.yaml").toAbsolutePath();
        return config.dataDir().toAbsolutePath().normalize() + " (" + file
                + (Files.exists(file) ? ")" : ", which is not there)");
    }

    private static String remedy(List<EnvironmentId> all, List<EnvironmentId> found) {
        String add = "`lifeboat env discover --odoo-conf FILE --name NAME --write` adds one.";
        if (!found.isEmpty()) {
            return "Say which: " + listed(found) + ".";
        }
        return all.isEmpty() ? "None is configured yet: " + add : "Configured are: " + listed(all) + "; " + add;
    }

    private static String listed(List<EnvironmentId> ids) {
        return String.join(", ", ids.stream().map(EnvironmentId::toString).toList());
    }

    /**
     * Where the parts of an environment are.
     *
     * @throws FaultException BAD_CONFIGURATION that names the option, ODOO_CONF_UNREADABLE
     */
    public Bindings bindings(EnvironmentId id) {
        return resolve(id).bindings();
    }

    /** Bindings, where each value of them came from ({@code config}, {@code odoo.conf}, {@code default}), and what to know. */
    private record Resolved(Bindings bindings, Map<String, String> sources, List<String> notes) {}

    private Resolved resolve(EnvironmentId id) {
        LifeboatConfig.Environment environment = configOf(id);
        var sources = new Sources(id, environment.odooConf().map(OdooConf::read));
        DatabaseBinding database = database(id, environment.database(), sources);
        Path filestore = sources.require(
                "filestore",
                environment.filestore().map(path -> path.toAbsolutePath().normalize()),
                "data_dir",
                dir -> under(id, absolute(id, "data_dir", dir).resolve("filestore"), database.name()));
        List<Path> addons = environment.addonsPath().isPresent()
                ? sources.note(
                        "addons_path",
                        "config",
                        environment.addonsPath().get().stream()
                                .map(path -> path.toAbsolutePath().normalize())
                                .toList())
                : addons(sources);
        var bindings = new Bindings(
                id,
                environment.type(),
                database,
                filestore,
                environment.odooConf().map(path -> path.toAbsolutePath().normalize()),
                addons,
                environment.url(),
                environment.websocket(),
                rpc(environment.rpc()),
                odoo(id, environment),
                service(id, environment.service()),
                environment.stores());
        return new Resolved(bindings, sources.byOption, sources.notes);
    }

    private static DatabaseBinding database(EnvironmentId id, LifeboatConfig.Database set, Sources sources) {
        String name = sources.require("database.name", set.name(), "db_name", text -> onlyName(id, sources));
        int port = sources.or("database.port", set.port(), "db_port", text -> port(id, sources), POSTGRESQL_PORT);
        Secret password = sources.or(
                "database.password", set.password().map(Secret::new), "db_password", Secret::new, Secret.NONE);
        return new DatabaseBinding(
                host(set, sources, password.isPresent(), port),
                port,
                name,
                sources.require("database.user", set.user(), "db_user", Function.identity()),
                password,
                sources.or("database.sslmode", set.sslmode(), "db_sslmode", Function.identity(), "prefer"));
    }

    private static String host(LifeboatConfig.Database set, Sources sources, boolean hasPassword, int port) {
        Optional<OdooConf> conf = sources.conf.filter(c -> c.get("db_host").isEmpty());
        if (set.host().isPresent() || conf.isEmpty()) {
            return sources.or("database.host", set.host(), "db_host", Function.identity(), LOCAL);
        }
        String host = conf.get().databaseHost(hasPassword, port);
        if (hasPassword) {
            sources.notes.add("odoo.conf names no db_host: Odoo goes through a UNIX socket, and Lifeboat to " + host
                    + " with the role's password; database.host: /var/run/postgresql makes it take the socket too");
        }
        return sources.note("database.host", "default", host);
    }

    private static String onlyName(EnvironmentId id, Sources sources) {
        List<String> names = sources.conf.orElseThrow().list("db_name");
        if (names.size() != 1) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "db_name in the odoo.conf of " + id + " names several databases: "
                                    + String.join(", ", names),
                            "Say which one with " + option(id, "database.name")
                                    + "; each one is an environment of its own.")
                    .toException();
        }
        return names.getFirst();
    }

    private static int port(EnvironmentId id, Sources sources) {
        return sources.conf.orElseThrow().port("db_port").orElseThrow(() -> Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "db_port in the odoo.conf of " + id + " is no port from 1 to 65535",
                        "Mend it there, or set " + option(id, "database.port") + ".")
                .toException());
    }

    private static List<Path> addons(Sources sources) {
        var folders = new ArrayList<Path>();
        for (String folder : sources.conf.map(conf -> conf.list("addons_path")).orElse(List.of())) {
            if (Path.of(folder).isAbsolute()) {
                folders.add(Path.of(folder).normalize());
            } else {
                sources.notes.add("the folder '" + folder
                        + "' of addons_path depends on where Odoo is started and was left" + " out; set addons-path");
            }
        }
        return sources.note("addons_path", folders.isEmpty() ? "default" : "odoo.conf", List.copyOf(folders));
    }

    /** Picks each value and remembers where it came from. */
    private static final class Sources {
        private final EnvironmentId id;
        private final Optional<OdooConf> conf;
        private final Map<String, String> byOption = new LinkedHashMap<>();
        private final List<String> notes = new ArrayList<>();

        Sources(EnvironmentId id, Optional<OdooConf> conf) {
            this.id = id;
            this.conf = conf;
        }

        <T> T note(String option, String source, T value) {
            byOption.put(option, source);
            return value;
        }

        <T> Optional<T> find(String option, Optional<T> configured, String key, Function<String, T> read) {
            if (configured.isPresent()) {
                return Optional.of(note(option, "config", configured.get()));
            }
            return conf.flatMap(c -> c.get(key)).map(text -> note(option, "odoo.conf", read.apply(text)));
        }

        <T> T or(String option, Optional<T> configured, String key, Function<String, T> read, T otherwise) {
            return find(option, configured, key, read).orElseGet(() -> note(option, "default", otherwise));
        }

        <T> T require(String option, Optional<T> configured, String key, Function<String, T> read) {
            return find(option, configured, key, read).orElseThrow(() -> missing(id, option, key));
        }
    }

    /** The environment's section of the configuration. */
    public LifeboatConfig.Environment configOf(EnvironmentId id) {
        return Optional.ofNullable(config.projects().get(id.project()))
                .flatMap(project -> Optional.ofNullable(project.environments().get(id.name())))
                .orElseThrow(() -> Fault.of(
                                FaultCode.UNKNOWN_ENVIRONMENT,
                                "environment " + id + " is not configured (any more)",
                                "Add it to config/application.yaml; `lifeboat env list` shows those that are.")
                        .toException());
    }

    /** How long a restore of an environment keeps what it displaced; zero: not at all. */
    public Duration keepsDisplaced(EnvironmentId id) {
        LifeboatConfig.Environment environment = configOf(id);
        return environment
                .keepDisplaced()
                .orElse(environment.type() == EnvironmentType.PRODUCTION ? KEPT_IN_PRODUCTION : Duration.ZERO);
    }

    /** The secrets of the installation, which are those of no environment, to be kept out of logs and evidence too. */
    public List<Secret> sharedSecrets() {
        return Stream.of(
                        config.token().stream(),
                        config.sidecar().token().stream(),
                        config.events().values().stream().map(LifeboatConfig.EventSource::secret),
                        config.stores().values().stream().flatMap(store -> store.secretKey().stream()),
                        config.notices().values().stream().flatMap(target -> target.secret().stream()))
                .flatMap(Function.identity())
                .map(Secret::new)
                .filter(Secret::isPresent)
                .distinct()
                .toList();
    }

    /**
     * Every secret that is known of an environment, so that it can be kept out of logs and evidence.
     *
     * @throws FaultException UNKNOWN_ENVIRONMENT
     */
    public List<Secret> secrets(EnvironmentId id) {
        var secrets = new ArrayList<Secret>();
        LifeboatConfig.Environment environment = configOf(id);
        environment.database().password().map(Secret::new).ifPresent(secrets::add);
        environment.rpc().key().map(Secret::new).ifPresent(secrets::add);
        environment
                .url()
                .map(URI::getRawUserInfo)
                .filter(pair -> pair.contains(":"))
                .map(pair -> new Secret(pair.substring(pair.indexOf(':') + 1)))
                .ifPresent(secrets::add);
        environment.odooConf().ifPresent(file -> {
            try {
                secrets.addAll(OdooConf.read(file).secrets());
            } catch (FaultException e) {
                // A file that can't be read gives no secret away; whoever needs it reports that it can't be read.
            }
        });
        return secrets.stream().filter(Secret::isPresent).distinct().toList();
    }

    /**
     * What may be shown of where an environment's parts are, with the source of each value; for
     * {@code runtime_bindings_redacted.json}.
     *
     * @throws FaultException as {@link #bindings}
     */
    public ObjectNode redactedSummary(EnvironmentId id) {
        Resolved resolved = resolve(id);
        ObjectNode shown = redacted(resolved.bindings());
        ObjectNode sources = shown.putObject("sources");
        new TreeMap<>(resolved.sources()).forEach(sources::put);
        shown.set("notes", Json.mapper().valueToTree(resolved.notes()));
        return shown;
    }

    /** What may be shown of where an environment's parts are. */
    public static ObjectNode redacted(Bindings bindings) {
        DatabaseBinding database = bindings.database();
        ObjectNode shown = Json.object()
                .put("environment_id", bindings.environment().toString())
                .put("type", bindings.type().name().toLowerCase(Locale.ROOT));
        shown.putObject("database")
                .put("host", database.host())
                .put("port", database.port())
                .put("name", database.name())
                .put("user", database.user())
                .put("password", database.password().toString())
                .put("sslmode", database.sslMode());
        shown.put("filestore", bindings.filestore().toString())
                .put("odoo_conf", bindings.odooConf().map(Path::toString).orElse(null));
        var addons = shown.putArray("addons_path");
        bindings.addonsPath().forEach(path -> addons.add(path.toString()));
        shown.put(
                        "url",
                        bindings.url()
                                .map(EnvironmentCatalogue::withoutUserInfo)
                                .orElse(null))
                .put(
                        "websocket",
                        bindings.websocket()
                                .map(EnvironmentCatalogue::withoutUserInfo)
                                .orElse(null))
                .put("rpc_login", bindings.rpc().map(RpcBinding::login).orElse(null))
                .put(
                        "odoo_command",
                        bindings.odoo()
                                .map(odoo -> String.join(" ", odoo.program()))
                                .orElse(null))
                .put("service", bindings.service().kind());
        var stores = shown.putArray("stores");
        bindings.stores().forEach(stores::add);
        return shown;
    }

    private static String withoutUserInfo(URI url) {
        return url.getScheme() + "://" + url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort())
                + (url.getRawPath() == null ? "" : url.getRawPath());
    }

    private static Optional<RpcBinding> rpc(LifeboatConfig.Rpc rpc) {
        return rpc.login().flatMap(login -> rpc.key().map(key -> new RpcBinding(login, new Secret(key))));
    }

    private static Optional<OdooCommand> odoo(EnvironmentId id, LifeboatConfig.Environment environment) {
        LifeboatConfig.Odoo odoo = environment.odoo();
        return odoo.command()
                .map(command -> new OdooCommand(
                        command,
                        odoo.conf()
                                .or(() -> environment.odooConf().map(path -> path.toAbsolutePath()
                                        .normalize()
                                        .toString()))
                                .orElseThrow(() -> missing(id, "odoo.conf", null)),
                        odoo.testTags(),
                        odoo.limit()));
    }

    /**
     * How an environment's version is set: by its own command where there is one, else as its service is controlled.
     *
     * @throws FaultException UNKNOWN_ENVIRONMENT, BAD_CONFIGURATION
     */
    public VersionBinding version(EnvironmentId id) {
        LifeboatConfig.Version version = configOf(id).version();
        if (version.command().isPresent()) {
            return new VersionBinding.Command(
                    version.command().get(), version.show().orElse(List.of()), version.limit());
        }
        return switch (service(id, configOf(id).service())) {
            case ServiceBinding.Compose compose
            when version.envFile().isPresent() ->
                new VersionBinding.EnvFile(
                        version.envFile().get().toAbsolutePath().normalize(),
                        version.variable(),
                        compose,
                        version.limit());
            case ServiceBinding.Kubernetes kubernetes
            when version.container().isPresent() ->
                new VersionBinding.Image(kubernetes, version.container().get(), version.limit());
            case ServiceBinding other -> new VersionBinding.None();
        };
    }

    private static ServiceBinding service(EnvironmentId id, LifeboatConfig.Service service) {
        return switch (service.kind()) {
            case NONE -> new ServiceBinding.None();
            case SYSTEMD -> new ServiceBinding.Systemd(service.unit(), service.limit());
            case COMPOSE ->
                new ServiceBinding.Compose(
                        service.composeCommand(),
                        service.composeFile()
                                .orElseThrow(() -> missing(id, "service.compose-file", null))
                                .toAbsolutePath()
                                .normalize(),
                        service.composeService(),
                        service.limit());
            case KUBERNETES ->
                new ServiceBinding.Kubernetes(service.namespace(), service.deployment(), service.limit());
            case COMMAND ->
                new ServiceBinding.Command(
                        service.start().orElseThrow(() -> missing(id, "service.start", null)),
                        service.stop().orElseThrow(() -> missing(id, "service.stop", null)),
                        service.status().orElse(List.of()),
                        service.kill().orElse(List.of()),
                        service.logs().orElse(List.of()),
                        service.limit());
        };
    }

    private static Path absolute(EnvironmentId id, String key, String text) {
        Path path = Path.of(text);
        if (!path.isAbsolute()) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            key + " in the odoo.conf of " + id
                                    + " is not absolute: where it leads depends on Odoo's user" + " and working folder",
                            "Set " + option(id, "filestore") + ".")
                    .toException();
        }
        return path;
    }

    /** Odoo allows any database name; the filestore's folder must still be one folder below its root. */
    private static Path under(EnvironmentId id, Path root, String name) {
        Path folder = root.resolve(name).normalize();
        if (name.contains("/") || !root.normalize().equals(folder.getParent())) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the filestore of " + id + " can't be told: the database's name '" + name
                                    + "' is no name of a folder",
                            "Set " + option(id, "filestore") + ".")
                    .toException();
        }
        return folder;
    }

    private static RuntimeException missing(EnvironmentId id, String option, String inConf) {
        return Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "environment " + id + " has no " + option,
                        "Set " + option(id, option) + (inConf == null ? "." : ", or " + inConf + " in its odoo.conf."))
                .toException();
    }

    static String option(EnvironmentId id, String option) {
        return "lifeboat.projects." + id.project() + ".environments." + id.name() + "." + option;
    }
}
