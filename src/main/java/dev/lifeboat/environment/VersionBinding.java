package dev.lifeboat.environment;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** How the version of an environment's Odoo is set and told. {@code limit}: how long that may take, with a download. */
public sealed interface VersionBinding {
    /** Lifeboat does not set it. */
    record None() implements VersionBinding {}

    /**
     * The tag of an image, as a variable in the file of environment variables that compose reads.
     *
     * @param file that file; absolute
     * @param variable its name, such as {@code ODOO_IMAGE_TAG}
     * @param compose the service that is created anew with it
     */
    record EnvFile(Path file, String variable, ServiceBinding.Compose compose, Duration limit)
            implements VersionBinding {}

    /**
     * The image of a container of a Kubernetes deployment; a version is its tag.
     *
     * @param kubernetes the deployment
     * @param container the container's name in it
     */
    record Image(ServiceBinding.Kubernetes kubernetes, String container, Duration limit) implements VersionBinding {}

    /**
     * Commands of the site's own, as argument vectors.
     *
     * @param set deploys a version, for which <code>{version}</code> stands in its arguments
     * @param show prints the version that is deployed; empty: there is no such command
     */
    record Command(List<String> set, List<String> show, Duration limit) implements VersionBinding {
        public Command {
            set = List.copyOf(set);
            show = List.copyOf(show);
        }
    }
}
