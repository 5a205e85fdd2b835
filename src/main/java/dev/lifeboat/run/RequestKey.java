package dev.lifeboat.run;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * What makes a request that is sent twice begin one run only: the caller's key for it, and a digest of what was asked, so that
 * a key that is used for something else is found. It is recorded in the transaction that creates the run.
 *
 * @param key the caller's own
 * @param requestSha256 hex, of what was asked
 */
public record RequestKey(String key, String requestSha256) {
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,200}");
    private static final ScopedValue<RequestKey> CURRENT = ScopedValue.newInstance();

    public RequestKey {
        if (!KEY.matcher(key).matches()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "an Idempotency-Key has 1 to 200 printable ASCII characters without spaces",
                            "Send a UUID.")
                    .toException();
        }
    }

    /** Has {@code work} create its run under this key. */
    public String begin(Supplier<String> work) {
        return ScopedValue.where(CURRENT, this).call(work::get);
    }

    static RequestKey current() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }
}
