package dev.lifeboat.environment;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Controls a service of a compose file, with docker compose or podman-compose: only what both have is used. The container is
 * kept as it is, so that a restore brings no other image into play.
 */
final class ComposeControl implements ServiceControl {
    /** For the program itself, beside the time that the container may take. */
    private static final Duration MARGIN = Duration.ofSeconds(20);

    /** As both programs print it, whatever the file itself looks like. */
    private static final Pattern SERVICE = Pattern.compile("  [\"']?([\\w.-]+)[\"']?:.*");

    private final ServiceBinding.Compose binding;

    ComposeControl(ServiceBinding.Compose binding) {
        this.binding = binding;
    }

    /** The container's own manager ends it by force when its time is over; where even that does not end, it is killed. */
    @Override
    public Outcome stop() {
        Outcome stopped =
                change(List.of("stop", "-t", Long.toString(binding.limit().toSeconds()), binding.service()), false);
        if (stopped.succeeded()) {
            return stopped;
        }
        Outcome killed = change(List.of("kill", binding.service()), false);
        return new Outcome(true, killed.succeeded(), ServiceProgram.lines(stopped.log(), killed.log()));
    }

    @Override
    public Outcome start() {
        return change(List.of("up", "-d", "--no-deps", "--no-recreate", binding.service()), true);
    }

    /**
     * Has the container created anew where its image has become another one, and started. The image may be there already where
     * no registry has it, so a download that fails is told and decides nothing.
     *
     * @param limit for the download and for the start, each
     */
    Outcome deploy(Duration limit) {
        ServiceProgram.Ended pulled = compose(List.of("pull", binding.service()), limit);
        ServiceProgram.Ended done = compose(List.of("up", "-d", "--no-deps", binding.service()), limit);
        ServiceProgram.Ended state = probe();
        return new Outcome(
                true,
                done.succeeded() && state.succeeded(),
                ServiceProgram.lines(pulled.log(), done.log(), state.log()));
    }

    /** The file's own list of services, and a question that only the containers' manager can answer. */
    @Override
    public String examine() {
        ServiceProgram.Ended config = compose(List.of("config"), ServiceProgram.LOOK);
        if (!config.succeeded()) {
            throw ServiceProgram.notControlled("the compose file " + binding.file() + " can't be read", config.log());
        }
        if (!names(config.output()).contains(binding.service())) {
            throw ServiceProgram.notControlled(
                    "the compose file " + binding.file() + " has no service '" + binding.service() + "'",
                    "its services are: " + String.join(", ", names(config.output())));
        }
        ServiceProgram.Ended listed = compose(List.of("ps"), ServiceProgram.LOOK);
        if (!listed.succeeded()) {
            throw ServiceProgram.notControlled(
                    "the manager of the containers of " + binding.file() + " does not answer", listed.log());
        }
        return "service '" + binding.service() + "' of " + binding.file() + ", its manager answers";
    }

    /** The keys right below {@code services}; around the YAML some versions of these programs write lines of their own. */
    private static List<String> names(String config) {
        var names = new ArrayList<String>();
        boolean within = false;
        for (String line : config.lines().toList()) {
            if (!line.isBlank() && !Character.isWhitespace(line.charAt(0))) {
                within = line.stripTrailing().equals("services:");
            }
            Matcher key = SERVICE.matcher(line);
            if (within && key.matches()) {
                names.add(key.group(1));
            }
        }
        return names;
    }

    @Override
    public Optional<Boolean> isRunning() {
        return Optional.of(probe().succeeded());
    }

    @Override
    public Optional<String> logs(Instant since) {
        return compose(List.of("logs", "--since", since.toString(), binding.service()))
                .whatItSaid();
    }

    private Outcome change(List<String> arguments, boolean running) {
        ServiceProgram.Ended done = compose(arguments);
        ServiceProgram.Ended state = probe();
        boolean right = state.exitCode().isPresent() && state.succeeded() == running;
        return new Outcome(true, right, ServiceProgram.lines(done.log(), state.log()));
    }

    /** A command can be run only in a container that runs; the two programs list containers in different ways. */
    private ServiceProgram.Ended probe() {
        return compose(List.of("exec", "-T", binding.service(), "true"));
    }

    private ServiceProgram.Ended compose(List<String> arguments) {
        return compose(arguments, binding.limit());
    }

    private ServiceProgram.Ended compose(List<String> arguments, Duration limit) {
        var command = new ArrayList<>(binding.program());
        command.addAll(List.of("-f", binding.file().toString()));
        command.addAll(arguments);
        return ServiceProgram.run(command, limit.plus(MARGIN));
    }
}
