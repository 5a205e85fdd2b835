package dev.lifeboat.sidecar;

import dev.lifeboat.environment.LifeboatConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Chooses who does the heavy tasks: a sidecar, where one is configured, else this process. */
@ApplicationScoped
class TaskRunners {
    @Produces
    @Singleton
    TaskRunner runner(LifeboatConfig config, InProcessTaskRunner inProcess) {
        LifeboatConfig.Sidecar sidecar = config.sidecar();
        if (sidecar.url().isEmpty() || config.role() == LifeboatConfig.Role.SIDECAR) {
            return inProcess;
        }
        return new HttpTaskRunner(
                sidecar.url().get(),
                SidecarToken.of(sidecar).orElseThrow(SidecarToken::missing),
                sidecar.limit(),
                sidecar.lostAfter());
    }
}
