package dev.lifeboat.notify;

import dev.lifeboat.environment.LifeboatConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;

/** Who wants to be told of what. */
@ApplicationScoped
class NoticeTargets {
    private final LifeboatConfig config;

    NoticeTargets(LifeboatConfig config) {
        this.config = config;
    }

    /** The names of the targets that want to be told of an event. */
    List<String> of(NoticeEvent event) {
        return config.notices().entrySet().stream()
                .filter(target -> target.getValue().events().isEmpty()
                        || target.getValue().events().get().contains(event.wireName()))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }
}
