package dev.lifeboat.environment;

import java.util.Optional;

final class NoServiceControlTest extends ServiceControlContract {
    @Override
    ServiceControl control() {
        return ServiceControl.of(new ServiceBinding.None());
    }

    @Override
    Optional<Boolean> reallyRuns() {
        return Optional.empty();
    }
}
