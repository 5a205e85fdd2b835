package dev.lifeboat.environment;

import dev.lifeboat.environment.LifeboatConfig.RollbackPolicy;
import java.util.Arrays;
import java.util.Locale;
import org.eclipse.microprofile.config.spi.Converter;

/** Reads a policy; an {@code off} without quotes is {@code false} to YAML (1.1, "bool"), and is what it says. */
public final class RollbackPolicyConverter implements Converter<RollbackPolicy> {
    private static final long serialVersionUID = 1;

    @Override
    public RollbackPolicy convert(String value) {
        String said = value.strip().toUpperCase(Locale.ROOT);
        return Arrays.stream(RollbackPolicy.values())
                .filter(policy -> policy.name().equals(said) || (policy == RollbackPolicy.OFF && said.equals("FALSE")))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "deployment.rollback is '" + value + "': use off, propose or automatic"));
    }
}
