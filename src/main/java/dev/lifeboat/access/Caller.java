package dev.lifeboat.access;

/**
 * Who makes a request.
 *
 * @param user the user's id, or {@code token:<id>}; {@code local} holds the data folder's token: the machine's owner
 * @param via how the caller was recognised
 * @param address where the request comes from
 * @param csrf what a session's forms have to send back; empty for what is no session
 */
public record Caller(String user, Via via, String address, String csrf) {
    /** Who holds the data folder's token: the machine's owner. */
    public static final String LOCAL_USER = "local";

    /** What an API token's caller begins with. */
    static final String TOKEN_PREFIX = "token:";

    /** How a caller is recognised. */
    public enum Via {
        /** By the token in the data folder's endpoint file. */
        ENDPOINT,
        /** By an API token. */
        TOKEN,
        /** By the signature of an event. */
        SIGNATURE,
        /** By the platform that runs a function, which lets in whom its own permissions name. */
        PLATFORM,
        /** By a session of the console. */
        SESSION
    }

    /** Without what a session's forms send back, which must not get into a log. */
    @Override
    public String toString() {
        return user + " at " + address;
    }
}
