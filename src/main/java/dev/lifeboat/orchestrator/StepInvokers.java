package dev.lifeboat.orchestrator;

import dev.lifeboat.environment.LifeboatConfig;
import dev.lifeboat.environment.Secret;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Chooses for each function where it is called: over HTTP where an address is configured, in AWS Lambda, else in this process. */
@ApplicationScoped
class StepInvokers {
    @Produces
    @Singleton
    StepInvoker invoker(LifeboatConfig config, InProcessInvoker inProcess) {
        LifeboatConfig.Functions functions = config.functions();
        StepInvoker others = functions
                .lambda()
                .region()
                .map(region -> lambda(functions, region))
                .orElse(inProcess);
        if (functions.url().isEmpty() && functions.urls().isEmpty()) {
            return others;
        }
        var http = new HttpInvoker(
                name -> address(functions, name).orElseThrow(),
                new Secret(config.token().orElse("")),
                functions.limit(),
                functions.patience());
        return (name, request) -> (address(functions, name).isPresent() ? http : others).invoke(name, request);
    }

    private static StepInvoker lambda(LifeboatConfig.Functions functions, String region) {
        return new LambdaInvoker(
                functions
                        .lambda()
                        .endpoint()
                        .orElseGet(() -> URI.create("https://lambda." + region + ".amazonaws.com")),
                region,
                functions.lambda().prefix(),
                DefaultCredentialsProvider.builder().build(),
                functions.limit(),
                functions.patience());
    }

    private static Optional<URI> address(LifeboatConfig.Functions functions, String name) {
        Map<String, URI> single = functions.urls();
        return Optional.ofNullable(single.get(name))
                .or(() -> functions.url().map(template -> URI.create(template.replace("{name}", name))));
    }
}
