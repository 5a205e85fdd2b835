package dev.lifeboat.environment;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** How an environment's Odoo is stopped and started. {@code limit}: how long a stop or a start may take. */
public sealed interface ServiceBinding {
    /** The word for it in the configuration. */
    String kind();

    /** Lifeboat does not control the service. */
    record None() implements ServiceBinding {
        @Override
        public String kind() {
            return "none";
        }
    }

    /** A systemd unit. */
    record Systemd(String unit, Duration limit) implements ServiceBinding {
        @Override
        public String kind() {
            return "systemd";
        }
    }

    /**
     * A service of a compose file.
     *
     * @param program and first arguments of docker compose or podman-compose
     * @param file the compose file
     * @param service its name there
     */
    record Compose(List<String> program, Path file, String service, Duration limit) implements ServiceBinding {
        public Compose {
            program = List.copyOf(program);
        }

        @Override
        public String kind() {
            return "compose";
        }
    }

    /**
     * A Kubernetes deployment.
     *
     * @param namespace where it is
     * @param deployment its name
     */
    record Kubernetes(String namespace, String deployment, Duration limit) implements ServiceBinding {
        @Override
        public String kind() {
            return "kubernetes";
        }
    }

    /**
     * Commands of the site's own, as argument vectors. {@code status} exits with 0 while the service runs and with another
     * code while it does not; empty: unknown. {@code kill} ends a service that does not stop; empty: there is no such
     * command. {@code logs} prints what it logged; empty: only odoo.conf's logfile is read.
     */
    record Command(
            List<String> start,
            List<String> stop,
            List<String> status,
            List<String> kill,
            List<String> logs,
            Duration limit)
            implements ServiceBinding {
        public Command {
            start = List.copyOf(start);
            stop = List.copyOf(stop);
            status = List.copyOf(status);
            kill = List.copyOf(kill);
            logs = List.copyOf(logs);
        }

        @Override
        public String kind() {
            return "command";
        }
    }
}
