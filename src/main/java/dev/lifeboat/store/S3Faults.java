package dev.lifeboat.store;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.util.Set;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Turns what an S3 server answers, or that it does not, into faults. */
final class S3Faults {
    private static final Set<String> KEYS =
            Set.of("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "InvalidSecurity");
    private static final Set<String> REGION = Set.of(
            "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException", "InvalidRegion");
    private static final Set<String> FULL = Set.of("QuotaExceeded", "InsufficientCapacity", "XMinioStorageFull");
    private static final int INSUFFICIENT_STORAGE = 507;

    private S3Faults() {}

    static FaultException of(S3Store store, SdkException e, String key, boolean writing) {
        Fault fault = e instanceof AbortedException || Thread.currentThread().isInterrupted()
                ? Fault.of(
                        FaultCode.CANCELLED,
                        "Work on " + key + " in store '" + store.name() + "' was ended",
                        "Start the run again.")
                : e instanceof S3Exception answer
                        ? ofAnswer(store, answer, key, writing)
                        : Fault.of(
                                FaultCode.STORE_UNREACHABLE,
                                "Store '" + store.name() + "' (" + store.location() + ") does not answer" + at(store)
                                        + (writing ? "; " + key + " was not written" : ""),
                                "Look at the network, the endpoint and the region's state; what other stores hold is"
                                        + " unharmed.");
        return fault.with("store", store.name())
                .with("key", key)
                .with("tool_output", said(e))
                .toException(e);
    }

    private static Fault ofAnswer(S3Store store, S3Exception e, String key, boolean writing) {
        String code = e.awsErrorDetails() == null || e.awsErrorDetails().errorCode() == null
                ? ""
                : e.awsErrorDetails().errorCode();
        String bucket = store.settings().bucket();
        if (code.equals("NoSuchBucket") || (e.statusCode() == 404 && !writing && code.isEmpty())) {
            return Fault.of(
                    FaultCode.STORE_UNREACHABLE,
                    "Store '" + store.name() + "': there is no bucket " + bucket + at(store),
                    "Create it, or set lifeboat.stores." + store.name() + ".bucket and .region.");
        }
        if (e.statusCode() == 404) {
            return Fault.of(
                    FaultCode.OBJECT_MISSING,
                    "Store '" + store.name() + "' has no object " + key,
                    "Use the artifact's copy in another store.");
        }
        if (code.equals("RequestTimeTooSkewed")) {
            return Fault.of(
                    FaultCode.STORE_REFUSED,
                    "Store '" + store.name() + "' refuses this machine's clock",
                    "Set the clock (timedatectl set-ntp true); S3 allows 15 minutes.");
        }
        if (KEYS.contains(code)) {
            return Fault.of(
                    FaultCode.STORE_REFUSED,
                    "Store '" + store.name() + "' does not know the access key, or the secret key does not fit",
                    "Set lifeboat.stores." + store.name() + ".access-key and .secret-key.");
        }
        if (REGION.contains(code) || e.statusCode() == 301) {
            return Fault.of(
                    FaultCode.STORE_REFUSED,
                    "Store '" + store.name() + "': the bucket " + bucket + " is not in region "
                            + store.settings().region(),
                    "Set lifeboat.stores." + store.name() + ".region.");
        }
        if (FULL.contains(code) || e.statusCode() == INSUFFICIENT_STORAGE) {
            return Fault.of(
                    FaultCode.STORE_FULL,
                    "Store '" + store.name() + "' is full: " + key
                            + " was not written; what is stored already is unharmed",
                    "Raise the bucket's quota (`lifeboat prune ENV --dry-run` shows what retention would remove).");
        }
        if (e.statusCode() == 403 || e.statusCode() == 401) {
            return Fault.of(
                    FaultCode.STORE_REFUSED,
                    "Store '" + store.name() + "' does not allow " + (writing ? "writing or removing " : "reading ")
                            + key,
                    "Give the access key that right on bucket " + bucket + "; docs/stores.md lists the rights needed.");
        }
        return Fault.of(
                writing ? FaultCode.STORE_WRITE_FAILED : FaultCode.STORE_READ_FAILED,
                "Store '" + store.name() + "' failed with " + e.statusCode() + (code.isEmpty() ? "" : " " + code)
                        + (writing ? " while " + key + " was written" : " while " + key + " was read"),
                "Try again; see the state of the service behind bucket " + bucket + ".");
    }

    private static String at(S3Store store) {
        return store.settings()
                .endpoint()
                .map(uri -> " at " + uri)
                .orElse(" in region " + store.settings().region());
    }

    /** The server's own words; some send none. */
    private static String said(SdkException e) {
        Throwable deepest = e;
        while (deepest.getCause() != null && deepest.getCause() != deepest) {
            deepest = deepest.getCause();
        }
        String own = e instanceof S3Exception answer && answer.awsErrorDetails() != null
                ? answer.statusCode() + " " + answer.awsErrorDetails().errorCode() + " "
                        + answer.awsErrorDetails().errorMessage()
                : String.valueOf(e.getMessage());
        return deepest == e ? own : own + " (" + deepest.getMessage() + ")";
    }
}
