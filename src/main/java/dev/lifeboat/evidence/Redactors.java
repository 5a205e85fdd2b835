package dev.lifeboat.evidence;

import dev.lifeboat.environment.EnvironmentCatalogue;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.environment.Secret;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.stream.Stream;

/** Makes redactors that know an environment's secrets, as they are configured now. */
@ApplicationScoped
public class Redactors {
    private final EnvironmentCatalogue environments;

    Redactors(EnvironmentCatalogue environments) {
        this.environments = environments;
    }

    /**
     * A redactor that knows the secrets of an environment and of the installation. It never fails: of an environment that is not
     * configured any more, or under another name, nobody can tell the secrets, and those of all that are configured are masked.
     */
    public Redactor of(EnvironmentId environment) {
        List<EnvironmentId> all = environments.all();
        List<EnvironmentId> known = all.contains(environment) ? List.of(environment) : all;
        List<Secret> secrets = Stream.concat(
                        environments.sharedSecrets().stream(),
                        known.stream().flatMap(each -> environments.secrets(each).stream()))
                .toList();
        return new Redactor(secrets);
    }
}
