package dev.lifeboat.environment;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A version that the site's own program deploys. What it claims is checked with the command that shows it, where there is one. */
final class CommandVersion implements VersionControl {
    /** People wait for it. */
    private static final Duration SHOW_LIMIT = Duration.ofSeconds(30);

    private final VersionBinding.Command binding;

    CommandVersion(VersionBinding.Command binding) {
        this.binding = binding;
    }

    @Override
    public boolean isControlled() {
        return true;
    }

    @Override
    public Optional<String> current() {
        return binding.show().isEmpty()
                ? Optional.empty()
                : ServiceProgram.run(binding.show(), SHOW_LIMIT)
                        .whatItSaid()
                        .map(String::strip)
                        .filter(said -> FORM.matcher(said).matches());
    }

    @Override
    public ServiceControl.Outcome set(String version) {
        String wanted = permitted(version);
        List<String> command = binding.set().stream()
                .map(argument -> argument.replace(PLACEHOLDER, wanted))
                .toList();
        ServiceProgram.Ended done = ServiceProgram.run(command, binding.limit());
        if (!done.succeeded() || binding.show().isEmpty()) {
            return new ServiceControl.Outcome(true, done.succeeded(), done.log());
        }
        Optional<String> shown = current();
        return new ServiceControl.Outcome(
                true,
                shown.equals(Optional.of(wanted)),
                ServiceProgram.lines(done.log(), "version now: " + shown.orElse("not told")));
    }
}
