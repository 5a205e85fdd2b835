package dev.lifeboat.access;

import dev.lifeboat.environment.LifeboatConfig;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticator;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Users whom an OpenID Connect provider vouches for, beside those with tokens of Lifeboat's own. Their names have a prefix that no
 * other user's can have; their roles are those that the configuration gives to the groups that the provider tells of, anew with
 * each login or token, and none besides.
 */
@ApplicationScoped
public class IdentityProvider {
    /** Who logged in to the console. */
    private static final String PERSON = "oidc:";

    /** Who sends one of the provider's tokens: it may tell of other groups than a login does. */
    private static final String BEARER = "oidc-bearer:";

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final LifeboatConfig config;
    private final Accounts accounts;
    private final Instance<HttpAuthenticator> authenticator;
    private final Optional<List<String>> audience;

    IdentityProvider(
            LifeboatConfig config,
            Accounts accounts,
            Instance<HttpAuthenticator> authenticator,
            @ConfigProperty(name = "quarkus.oidc.token.audience") Optional<List<String>> audience) {
        this.audience = audience;
        this.config = config;
        this.accounts = accounts;
        this.authenticator = authenticator;
    }

    /** Refuses to start with a provider whose tokens for other applications would be taken too. */
    void checkAtStart(@Observes StartupEvent event) {
        if (isOn()) {
            checkAudience(audience);
        }
    }

    /**
     * Whom tokens have to be for (RFC 7519, "aud").
     *
     * @throws ConfigurationException where it is left out, or is everybody ({@code any}, Quarkus OIDC)
     */
    static void checkAudience(Optional<List<String>> audience) {
        if (audience.isEmpty() || audience.get().isEmpty() || audience.get().contains("any")) {
            throw new ConfigurationException(
                    "quarkus.oidc.token.audience names nobody, or everybody: a token that the identity provider gave to another application"
                            + " would open this one. Leave it out, for the client's id, or name what the provider writes into"
                            + " tokens for Lifeboat (aud).",
                    Set.of("quarkus.oidc.token.audience"));
        }
    }

    /** Whether one is configured. */
    public boolean isOn() {
        return config.oidc().enabled() && config.role() == LifeboatConfig.Role.ENGINE;
    }

    /**
     * The user behind a request's bearer token; empty where the provider does not vouch for it, or its groups give no role. Waits
     * for the provider's keys.
     */
    public Optional<String> userOfBearer(RoutingContext call) {
        SecurityIdentity identity;
        try {
            identity = authenticator.get().attemptAuthentication(call).await().atMost(LIMIT);
        } catch (SecurityException e) {
            // expired, forged, or for somebody else: it lets nobody in, and who sent it is told no more
            return Optional.empty();
        }
        return identity == null || identity.isAnonymous() ? Optional.empty() : granted(BEARER, identity);
    }

    /** A session for who has logged in there, from {@code address}; empty where their groups give no role. */
    public Optional<Accounts.Issued> session(SecurityIdentity identity, String address) {
        return granted(PERSON, identity).map(user -> accounts.newSession(user, address));
    }

    private Optional<String> granted(String prefix, SecurityIdentity identity) {
        String user = prefix + identity.getPrincipal().getName();
        Map<String, Role> roles = roles(identity);
        accounts.setRoles(user, roles);
        return roles.isEmpty() ? Optional.empty() : Optional.of(user);
    }

    /** Of several roles in one project the highest. */
    private Map<String, Role> roles(SecurityIdentity identity) {
        var roles = new HashMap<String, Role>();
        for (LifeboatConfig.Oidc.Grant grant : config.oidc().roles().values()) {
            if (identity.getRoles().contains(grant.group())) {
                roles.merge(
                        grant.project(), Role.of(grant.role()), (one, other) -> one.compareTo(other) > 0 ? one : other);
            }
        }
        return roles;
    }
}
