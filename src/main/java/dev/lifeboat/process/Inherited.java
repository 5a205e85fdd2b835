package dev.lifeboat.process;

import java.util.List;
import java.util.Set;

/**
 * What of this program's environment a child gets. Lifeboat's own holds its secrets (tokens, passwords, keys of stores), and no
 * child needs them from there: what one needs is given to it by name.
 */
public enum Inherited {
    /** A tool: what says where it runs and in which language, and nothing else. */
    TOOL,
    /** One of PostgreSQL's programs: what libpq reads besides (PostgreSQL documentation, libpq, Environment Variables). */
    POSTGRES,
    /** A program of the site's own, such as one that controls Odoo: everything but what is Lifeboat's, and the keys of its stores. */
    SITE,
    /** A program that fetches the key of a store: it may log in to a cloud for that, so it keeps the cloud's variables. */
    KEY_COMMAND;

    private static final Set<String> NAMES = Set.of(
            "PATH",
            "HOME",
            "LANG",
            "LANGUAGE",
            "TZ",
            "TMPDIR",
            "USER",
            "LOGNAME",
            "SHELL",
            "XDG_RUNTIME_DIR",
            "DBUS_SESSION_BUS_ADDRESS",
            "LD_LIBRARY_PATH",
            "KUBECONFIG");

    private static final List<String> BEGINNINGS = List.of("LC_", "DOCKER_", "CONTAINER_", "PODMAN_", "SSL_CERT_");
    private static final List<String> OF_LIFEBOAT =
            List.of("LIFEBOAT_", "_LIFEBOAT_", "QUARKUS_", "_QUARKUS_", "SMALLRYE_");
    private static final List<String> OF_LIBPQ = List.of("PG", "KRB5");
    private static final List<String> OF_STORES = List.of("AWS_", "STORE_", "SPACES_", "S3_");

    /** Whether a child gets the variable of that name. */
    boolean passes(String name) {
        return switch (this) {
            case TOOL -> isPlain(name);
            case POSTGRES -> isPlain(name) || begins(name, OF_LIBPQ);
            case SITE -> !begins(name, OF_LIFEBOAT) && !begins(name, OF_STORES);
            case KEY_COMMAND -> !begins(name, OF_LIFEBOAT);
        };
    }

    private static boolean isPlain(String name) {
        return NAMES.contains(name) || begins(name, BEGINNINGS);
    }

    private static boolean begins(String name, List<String> beginnings) {
        return beginnings.stream().anyMatch(name::startsWith);
    }
}
