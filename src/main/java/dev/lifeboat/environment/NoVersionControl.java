package dev.lifeboat.environment;

import java.util.Optional;

/** A version that somebody else sets. */
final class NoVersionControl implements VersionControl {
    @Override
    public boolean isControlled() {
        return false;
    }

    @Override
    public Optional<String> current() {
        return Optional.empty();
    }

    /** Nothing is deployed by it: it is what people are told. */
    @Override
    public String permitted(String version) {
        return VersionControl.checked(version);
    }

    @Override
    public ServiceControl.Outcome set(String version) {
        return new ServiceControl.Outcome(false, true, "the version is not controlled");
    }
}
