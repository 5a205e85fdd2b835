package dev.lifeboat.environment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.json.Json;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The environments that are configured, and where their parts are: the configuration first, then odoo.conf, then defaults. */
@ApplicationScoped
public class EnvironmentCatalogue {
    private static final int POSTGRESQL_PORT = 5432;

    private final LifeboatConfig config;

    EnvironmentCatalogue(LifeboatConfig config) {
        this.config = config;
    }

    /** All environments, in the order of their names. */
    public List<EnvironmentId> all() {
        return config.projects().entrySet().stream()
                .flatMap(project -> project.getValue().environments().keySet().stream()
                        .map(name -> new EnvironmentId(project.getKey(), name)))
                .sorted(java.util.Comparator.comparing(EnvironmentId::toString))
                .toList();
    }

    /**
     * Finds an environment by {@code env} where that is unique, by {@code project/env} or by {@code project.env}.
     *
     * @throws FaultException UNKNOWN_ENVIRONMENT that lists those that there are
     */
    public EnvironmentId find(String text) {
        List<EnvironmentId> all = all();
        String wanted = text.replace('.', '/');
        List<EnvironmentId> found = all.stream()
                .filter(id -> id.toString().equals(wanted) || id.name().equals(wanted))
                .toList();
        if (found.size() != 1) {
            throw Fault.of(
                            FaultCode.UNKNOWN_ENVIRONMENT,
                            found.isEmpty()
                                    ? "there is no environment '" + text + "'"
                                    : "'" + text + "' is the name of more than one environment: " + found,
                            all.isEmpty()
                                    ? "None is configured yet: `lifeboat env discover --odoo-conf FILE --name NAME --write`"
                                            + " writes the configuration of one."
                                    : "Configured are: "
                                            + String.join(
                                                    ", ",
                                                    all.stream()
                                                            .map(EnvironmentId::toString)
                                                            .toList()) + ".")
                    .toException();
        }
        return found.getFirst();
    }

    /**
     * Where the parts of an environment are.
     *
     * @throws FaultException BAD_CONFIGURATION that names the option, ODOO_CONF_UNREADABLE
     */
    public Bindings bindings(EnvironmentId id) {
        LifeboatConfig.Environment environment = configOf(id);
        Optional<OdooConf> conf = environment.odooConf().map(OdooConf::read);
        LifeboatConfig.Database set = environment.database();
        String name = set.name()
                .or(() -> conf.flatMap(c -> c.list("db_name").stream().findFirst()))
                .orElseThrow(() -> missing(id, "database.name", "db_name"));
        var database = new DatabaseBinding(
                set.host().or(() -> conf.flatMap(c -> c.get("db_host"))).orElse("localhost"),
                set.port()
                        .or(() -> conf.flatMap(c -> c.get("db_port")).map(text -> port(id, text)))
                        .orElse(POSTGRESQL_PORT),
                name,
                set.user()
                        .or(() -> conf.flatMap(c -> c.get("db_user")))
                        .orElseThrow(() -> missing(id, "database.user", "db_user")),
                set.password()
                        .or(() -> conf.flatMap(c -> c.get("db_password")))
                        .map(Secret::new)
                        .orElse(Secret.NONE),
                set.sslmode().or(() -> conf.flatMap(c -> c.get("db_sslmode"))).orElse("prefer"));
        Path filestore = environment
                .filestore()
                .or(() -> conf.flatMap(c -> c.get("data_dir"))
                        .map(dir -> under(id, Path.of(dir).resolve("filestore"), name)))
                .orElseThrow(() -> missing(id, "filestore", "data_dir"));
        return new Bindings(
                id,
                environment.type(),
                database,
                filestore.toAbsolutePath().normalize(),
                environment.odooConf().map(Path::toAbsolutePath),
                environment.addonsPath().orElseGet(() -> conf.map(c ->
                                c.list("addons_path").stream().map(Path::of).toList())
                        .orElse(List.of())),
                environment.url(),
                service(id, environment.service()),
                environment.stores());
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

    /** Every secret that is known of an environment, so that it can be kept out of logs and evidence. */
    public List<Secret> secrets(EnvironmentId id) {
        var secrets = new ArrayList<Secret>();
        LifeboatConfig.Environment environment = configOf(id);
        environment.database().password().map(Secret::new).ifPresent(secrets::add);
        environment.odooConf().ifPresent(file -> {
            try {
                secrets.addAll(OdooConf.read(file).secrets());
            } catch (FaultException e) {
                // A file that can't be read gives no secret away; whoever needs it reports that it can't be read.
            }
        });
        return secrets;
    }

    /** What may be shown of where an environment's parts are; for {@code runtime_bindings_redacted.json}. */
    public static ObjectNode redacted(Bindings bindings) {
        DatabaseBinding database = bindings.database();
        ObjectNode shown = Json.object()
                .put("environment_id", bindings.environment().toString())
                .put("type", bindings.type().name().toLowerCase(java.util.Locale.ROOT));
        shown.putObject("database")
                .put("host", database.host())
                .put("port", database.port())
                .put("name", database.name())
                .put("user", database.user())
                .put("password", database.password().isPresent() ? "[REDACTED]" : "")
                .put("sslmode", database.sslMode());
        shown.put("filestore", bindings.filestore().toString())
                .put("odoo_conf", bindings.odooConf().map(Path::toString).orElse(null));
        var addons = shown.putArray("addons_path");
        bindings.addonsPath().forEach(path -> addons.add(path.toString()));
        shown.put(
                        "url",
                        bindings.url()
                                .map(url -> url.getScheme() + "://" + url.getHost() + ":" + url.getPort())
                                .orElse(null))
                .put("service", bindings.service().getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT));
        var stores = shown.putArray("stores");
        bindings.stores().forEach(stores::add);
        return shown;
    }

    private static ServiceBinding service(EnvironmentId id, LifeboatConfig.Service service) {
        return switch (service.kind()) {
            case NONE -> new ServiceBinding.None();
            case SYSTEMD -> new ServiceBinding.Systemd(service.unit(), service.limit());
            case COMMAND ->
                new ServiceBinding.Command(
                        service.start().orElseThrow(() -> missing(id, "service.start", null)),
                        service.stop().orElseThrow(() -> missing(id, "service.stop", null)),
                        service.status().orElse(List.of()),
                        service.limit());
        };
    }

    /** Odoo allows any database name; the filestore's folder must still be one folder below its root. */
    private static Path under(EnvironmentId id, Path root, String name) {
        Path folder = root.resolve(name).normalize();
        if (!folder.startsWith(root.normalize()) || folder.equals(root.normalize()) || name.contains("/")) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "the filestore of " + id + " can't be told: the database's name '" + name
                                    + "' is no folder name",
                            "Set 'filestore' of the environment.")
                    .toException();
        }
        return folder;
    }

    private static int port(EnvironmentId id, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "db_port of " + id + " is no number",
                            "Mend db_port in its odoo.conf, or set database.port of the environment.")
                    .toException(e);
        }
    }

    private static RuntimeException missing(EnvironmentId id, String option, String inConf) {
        return Fault.of(
                        FaultCode.BAD_CONFIGURATION,
                        "environment " + id + " has no " + option,
                        "Set lifeboat.projects." + id.project() + ".environments." + id.name() + "." + option
                                + (inConf == null ? "." : ", or " + inConf + " in its odoo.conf."))
                .toException();
    }
}
