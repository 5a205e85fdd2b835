package dev.lifeboat.access;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/** Keeps an address from guessing: after {@value #MOST} failed logins within five minutes it has to wait. */
@ApplicationScoped
public class LoginLimit {
    static final int MOST = 10;
    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final int MOST_ADDRESSES = 10_000;

    private final InstantSource clock;
    /** Failures by address, in milliseconds of the epoch; the addresses whose last failure is the oldest go first. */
    private final Map<String, Deque<Long>> failures = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Deque<Long>> eldest) {
            return size() > MOST_ADDRESSES;
        }
    };

    LoginLimit() {
        this(InstantSource.system());
    }

    LoginLimit(InstantSource clock) {
        this.clock = clock;
    }

    /** How many seconds an address has to wait; 0: it need not. */
    public synchronized long secondsToWait(String address) {
        Deque<Long> known = failures.get(address);
        if (known == null) {
            return 0;
        }
        long now = clock.millis();
        known.removeIf(at -> at <= now - WINDOW.toMillis());
        return known.size() < MOST ? 0 : Math.ceilDiv(known.peekFirst() + WINDOW.toMillis() - now, 1000L);
    }

    /** Counts a failed login. */
    public synchronized void failed(String address) {
        Deque<Long> known = failures.computeIfAbsent(address, none -> new ArrayDeque<>());
        if (known.size() == MOST) {
            known.removeFirst();
        }
        known.addLast(clock.millis());
    }

    /** Forgets an address that has logged in. */
    public synchronized void succeeded(String address) {
        failures.remove(address);
    }
}
