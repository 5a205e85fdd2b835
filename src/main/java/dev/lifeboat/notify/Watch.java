package dev.lifeboat.notify;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How something that is watched stands (operations specification, "Monitoring Alerts").
 *
 * @param name what is watched
 * @param trouble what is wrong with it; empty: nothing
 * @param patience how long it has to be so before it is told
 * @param remedy what to do
 */
record Watch(String name, Optional<String> trouble, Duration patience, String remedy) {
    static Watch well(String name, Duration patience) {
        return new Watch(name, Optional.empty(), patience, "");
    }

    static Watch bad(String name, String trouble, Duration patience, String remedy) {
        return new Watch(name, Optional.of(trouble), patience, remedy);
    }

    /**
     * What is told of it now, if anything is.
     *
     * @param since since when it is in trouble, or was until now
     */
    Optional<Notice> notice(String environment, Instant since, Instant now) {
        if (since.plus(patience).isAfter(now)) {
            return Optional.empty();
        }
        String key = environment + " " + name + " " + since;
        return Optional.of(trouble.map(what -> new Notice(
                        key,
                        NoticeEvent.TROUBLE,
                        environment,
                        Optional.empty(),
                        "Lifeboat: " + environment + ": " + name + " in trouble",
                        what + "\nsince " + since + "\nwhat to do: " + remedy,
                        now))
                .orElseGet(() -> new Notice(
                        key + " over",
                        NoticeEvent.TROUBLE_OVER,
                        environment,
                        Optional.empty(),
                        "Lifeboat: " + environment + ": " + name + " is well again",
                        "it was in trouble since " + since,
                        now)));
    }
}
