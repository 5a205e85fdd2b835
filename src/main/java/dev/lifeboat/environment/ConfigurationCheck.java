package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Looks through the whole configuration for what can't be meant; collects instead of stopping at the first. */
final class ConfigurationCheck {
    /** libpq's modes (PostgreSQL documentation, SSL Support). */
    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /** As the state knows them ({@code ops.memberships}). */
    private static final Set<String> ROLES = Set.of("viewer", "operator", "restorer", "admin");

    /** A fingerprint in hex, or the 44 bytes of an ed25519 public key in Base64. */
    private static final Pattern KEY = Pattern.compile("[0-9a-fA-F]{64}|[A-Za-z0-9+/]{59}=");

    private static final int NAME_BYTES = 63;
    private static final String PRIMARY = "primary";

    private final LifeboatConfig config;
    private final List<Fault> findings = new ArrayList<>();

    private ConfigurationCheck(LifeboatConfig config) {
        this.config = config;
    }

    /** All findings; {@code resolve} gives an environment's bindings where they can be told at present. */
    static List<Fault> findings(LifeboatConfig config, Function<EnvironmentId, Optional<Bindings>> resolve) {
        var check = new ConfigurationCheck(config);
        var resolved = new TreeMap<String, Bindings>();
        new TreeMap<>(config.projects()).forEach((project, section) -> new TreeMap<>(section.environments())
                .forEach((name, environment) -> check.named(project, name).ifPresent(id -> {
                    check.environment(id, environment);
                    resolve.apply(id).ifPresent(bindings -> resolved.put(id.toString(), bindings));
                })));
        check.shared(resolved);
        check.escalation();
        config.trustedKeys().orElse(List.of()).stream()
                .filter(key -> !KEY.matcher(key.strip()).matches())
                .forEach(key -> check.found(
                        "lifeboat.trusted-keys names '" + key
                                + "', which is neither a key's fingerprint nor a public key: no artifact would be opened",
                        "Name keys by fingerprint or public key, as `lifeboat evidence key --json` prints both."));
        new TreeMap<>(config.events()).forEach(check::eventSource);
        new TreeMap<>(config.oidc().roles()).forEach((name, grant) -> {
            if (!ROLES.contains(grant.role())) {
                check.found(
                        "lifeboat.oidc.roles." + name + ".role is '" + grant.role() + "', which is no role",
                        "Use viewer, operator, restorer or admin.");
            }
        });
        config.functions()
                .url()
                .filter(url -> !url.contains("{name}"))
                .ifPresent(
                        url -> check.found(
                                "lifeboat.functions.url has no {name}: every function would be called at one address",
                                "Write it as http://{name}.example.com/{name}; single functions are set under lifeboat.functions.urls."));
        return List.copyOf(check.findings);
    }

    private void eventSource(String name, LifeboatConfig.EventSource source) {
        if (WebhookSecret.of(source.secret()).isEmpty()) {
            found(
                    "lifeboat.events." + name + ".secret is none that signs: no event of that source would be taken",
                    "Make one: echo whsec_$(openssl rand -base64 32)");
        }
        for (String environment : source.environments().orElse(List.of())) {
            String[] parts = environment.split("/", 2);
            boolean known = parts.length == 2
                    && Optional.ofNullable(config.projects().get(parts[0]))
                            .filter(project -> project.environments().containsKey(parts[1]))
                            .isPresent();
            if (!known) {
                found(
                        "lifeboat.events." + name + ".environments names " + environment + ", which is not configured",
                        "Name environments as project/name.");
            }
        }
    }

    private Optional<EnvironmentId> named(String project, String name) {
        try {
            return Optional.of(new EnvironmentId(project, name));
        } catch (FaultException e) {
            found(
                    "lifeboat.projects." + project + ".environments." + name + ": "
                            + e.fault().message(),
                    e.fault().remedy());
            return Optional.empty();
        }
    }

    private void environment(EnvironmentId id, LifeboatConfig.Environment environment) {
        database(id, environment);
        environment.url().ifPresent(url -> url(id, "url", url));
        environment.websocket().ifPresent(url -> url(id, "websocket", url));
        odoo(id, environment);
        service(id, environment.service());
        stores(id, environment.stores());
        environment.schedule().forEach((name, cron) -> schedule(id, name, cron));
        version(id, environment);
        deployment(id, environment.deployment());
        LifeboatConfig.Retention retention = environment.retention();
        List<OptionalInt> numbers = List.of(retention.daily(), retention.weekly(), retention.monthly());
        if (numbers.stream().anyMatch(number -> number.orElse(0) < 0)) {
            found(EnvironmentCatalogue.option(id, "retention") + " has a negative number", "Use 0 for none.");
        } else if (numbers.stream().allMatch(number -> number.orElse(1) == 0)) {
            found(
                    EnvironmentCatalogue.option(id, "retention") + " would keep no backup at all",
                    "Keep at least one; the default is 7 daily, 4 weekly, 3 monthly.");
        }
    }

    private void database(EnvironmentId id, LifeboatConfig.Environment environment) {
        LifeboatConfig.Database database = environment.database();
        if (environment.odooConf().isEmpty()) {
            require(id, "database.name", database.name().isPresent());
            require(id, "database.user", database.user().isPresent());
            require(id, "filestore", environment.filestore().isPresent());
        }
        database.port()
                .filter(port -> port < 1 || port > 65_535)
                .ifPresent(port -> found(
                        EnvironmentCatalogue.option(id, "database.port") + " is " + port,
                        "Use a port from 1 to 65535."));
        database.name()
                .filter(name -> name.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES)
                .ifPresent(name -> found(
                        EnvironmentCatalogue.option(id, "database.name") + " is longer than " + NAME_BYTES + " bytes",
                        "Give the name as the server has it: PostgreSQL cuts longer ones."));
        database.sslmode()
                .filter(mode -> !SSL_MODES.contains(mode))
                .ifPresent(mode -> found(
                        EnvironmentCatalogue.option(id, "database.sslmode") + " is '" + mode + "'",
                        "Use one of "
                                + String.join(", ", SSL_MODES.stream().sorted().toList()) + "."));
    }

    private void url(EnvironmentId id, String option, URI url) {
        if (url.getHost() == null || !Set.of("http", "https").contains(url.getScheme())) {
            found(
                    EnvironmentCatalogue.option(id, option) + " is no address of a web server",
                    "Write it as http://127.0.0.1:8069.");
        }
    }

    private void odoo(EnvironmentId id, LifeboatConfig.Environment environment) {
        LifeboatConfig.Odoo odoo = environment.odoo();
        if (odoo.command().isPresent()
                && odoo.conf().isEmpty()
                && environment.odooConf().isEmpty()) {
            found(
                    EnvironmentCatalogue.option(id, "odoo.command") + " is set, and there is no odoo.conf to give it",
                    "Set " + EnvironmentCatalogue.option(id, "odoo.conf") + " to the file as that program sees it.");
        }
        LifeboatConfig.Rpc rpc = environment.rpc();
        if (rpc.login().isPresent() != rpc.key().isPresent()) {
            found(
                    EnvironmentCatalogue.option(id, "rpc") + " has "
                            + (rpc.login().isPresent() ? "no key" : "no login"),
                    "Set both, or neither.");
        }
    }

    private void service(EnvironmentId id, LifeboatConfig.Service service) {
        if (!service.limit().isPositive() || !service.healthLimit().isPositive()) {
            found(
                    EnvironmentCatalogue.option(id, "service") + " has a limit of no time",
                    "Give limit and health-limit as 60s, 2m.");
        }
        switch (service.kind()) {
            case NONE -> {}
            case SYSTEMD -> {
                if (service.unit().isBlank() || service.unit().startsWith("-")) {
                    found(
                            EnvironmentCatalogue.option(id, "service.unit") + " is no name of a unit",
                            "Name it as `systemctl list-units` does, such as odoo.service.");
                }
            }
            case COMPOSE -> {
                if (service.composeFile().isEmpty()) {
                    found(
                            EnvironmentCatalogue.option(id, "service.compose-file")
                                    + " is missing, and service.kind is compose",
                            "Name the compose file of this Odoo.");
                }
                if (service.composeService().startsWith("-")) {
                    found(
                            EnvironmentCatalogue.option(id, "service.compose-service") + " is no name of a service",
                            "Name it as the compose file does.");
                }
            }
            case KUBERNETES -> {}
            case COMMAND -> {
                command(id, "service.start", service.start());
                command(id, "service.stop", service.stop());
            }
        }
    }

    private void version(EnvironmentId id, LifeboatConfig.Environment environment) {
        LifeboatConfig.Version version = environment.version();
        if (version.command().isPresent()
                && version.command().get().stream().noneMatch(part -> part.contains(VersionControl.PLACEHOLDER))) {
            found(
                    EnvironmentCatalogue.option(id, "version.command") + " has no " + VersionControl.PLACEHOLDER
                            + ": it would deploy the same whatever is asked for",
                    "Write it where the version stands: [/usr/local/bin/deploy_odoo.sh, \"{version}\", rollback].");
        }
        version.envFile().ifPresent(file -> {
            if (environment.service().kind() != LifeboatConfig.Service.ServiceKind.COMPOSE) {
                found(
                        EnvironmentCatalogue.option(id, "version.env-file")
                                + " is set, and service.kind is not compose",
                        "Set service.kind, or give the version's own command.");
            }
        });
        if (!version.variable().matches("[A-Za-z_][A-Za-z0-9_]*")) {
            found(
                    EnvironmentCatalogue.option(id, "version.variable") + " is no name of a variable",
                    "Use letters, digits and underscores, as ODOO_IMAGE_TAG.");
        }
        version.container().ifPresent(container -> {
            if (environment.service().kind() != LifeboatConfig.Service.ServiceKind.KUBERNETES) {
                found(
                        EnvironmentCatalogue.option(id, "version.container")
                                + " is set, and service.kind is not kubernetes",
                        "Set service.kind, or give the version's own command.");
            }
        });
    }

    private void deployment(EnvironmentId id, LifeboatConfig.Deployment deployment) {
        deployment.smoke().forEach((name, smoke) -> {
            String option = EnvironmentCatalogue.option(id, "deployment.smoke." + name);
            if (smoke.command().isPresent() == smoke.read().isPresent()) {
                found(option + " is to be either a command or a read", "Give one of the two.");
            }
            if (smoke.read().filter(model -> !model.matches("[a-z0-9_.]+")).isPresent()) {
                found(option + ".read is no name of a model", "Write it as Odoo does: account.move.");
            }
        });
        if (deployment.allowedShrink() < 0 || deployment.errorRate() < 0 || deployment.slowerThanBefore() <= 1) {
            found(
                    EnvironmentCatalogue.option(id, "deployment") + " has a bound that can't be meant",
                    "allowed-shrink and error-rate are per cent, from 0; slower-than-before is a factor above 1.");
        }
        if (deployment.maximum().compareTo(deployment.target()) < 0) {
            found(
                    EnvironmentCatalogue.option(id, "deployment.maximum") + " is shorter than its target",
                    "Give a maximum that is at least the target: 15m and 30m.");
        }
    }

    private void escalation() {
        for (LifeboatConfig.EscalationLevel level : config.escalation()) {
            level.notices().stream()
                    .filter(target -> !config.notices().containsKey(target))
                    .forEach(target -> found(
                            "lifeboat.escalation tells '" + level.contact() + "' by '" + target
                                    + "', which lifeboat.notices does not name",
                            "Add lifeboat.notices." + target + ", or name one that there is."));
        }
    }

    private void schedule(EnvironmentId id, String name, String cron) {
        if (!name.matches("[a-z0-9][a-z0-9_-]{0,39}")) {
            found(
                    EnvironmentCatalogue.option(id, "schedule") + " has the name '" + name + "'",
                    "Use lower-case letters, digits, dash and underscore, 40 at most: daily, before-work.");
        }
        try {
            CronSchedule.parse(cron);
        } catch (FaultException e) {
            found(
                    EnvironmentCatalogue.option(id, "schedule." + name) + ": "
                            + e.fault().message(),
                    e.fault().remedy());
        }
    }

    private void command(EnvironmentId id, String option, Optional<List<String>> command) {
        if (command.isEmpty()
                || command.get().isEmpty()
                || command.get().getFirst().isBlank()) {
            found(
                    EnvironmentCatalogue.option(id, option) + " is missing, and service.kind is command",
                    "Give program and arguments as a list: [docker, compose, stop, odoo].");
        }
    }

    private void stores(EnvironmentId id, List<String> stores) {
        for (String store : stores) {
            if (!store.equals(PRIMARY) && !config.stores().containsKey(store)) {
                found(
                        EnvironmentCatalogue.option(id, "stores") + " names '" + store + "', which is not configured",
                        "Add lifeboat.stores." + store + ", or take it out of the list.");
            }
        }
        if (stores.size() != Set.copyOf(stores).size()) {
            found(EnvironmentCatalogue.option(id, "stores") + " names a store twice", "Name each once.");
        }
    }

    /** A restore into one environment must never write into another's database or filestore. */
    private void shared(Map<String, Bindings> resolved) {
        var databases = new HashMap<String, String>();
        var filestores = new HashMap<Path, String>();
        resolved.forEach((id, bindings) -> {
            DatabaseBinding database = bindings.database();
            String before = databases.putIfAbsent(database.server() + "/" + database.name(), id);
            if (before != null) {
                found(
                        "the environments " + before + " and " + id + " are the same database '" + database.name()
                                + "' on " + database.server(),
                        "A restore of one would overwrite the other: correct database.name or odoo-conf of one of them.");
            }
            before = filestores.putIfAbsent(bindings.filestore(), id);
            if (before != null) {
                found(
                        "the environments " + before + " and " + id + " have the same filestore "
                                + bindings.filestore(),
                        "A restore of one would overwrite the other: correct filestore or odoo-conf of one of them.");
            }
        });
    }

    private void require(EnvironmentId id, String option, boolean present) {
        if (!present) {
            found(
                    "environment " + id + " has neither odoo-conf nor " + option,
                    "Set odoo-conf, or " + EnvironmentCatalogue.option(id, option) + ".");
        }
    }

    private void found(String message, String remedy) {
        findings.add(Fault.of(FaultCode.BAD_CONFIGURATION, message, remedy));
    }
}
