package dev.lifeboat.environment;

/**
 * How an environment's database is reached.
 *
 * @param host name or address of the PostgreSQL server; or the folder of its UNIX socket, which begins with a slash
 *     (PostgreSQL documentation, libpq, "host")
 * @param port TCP port; of a socket, the number in its name
 * @param name the database; any name that PostgreSQL allows, always passed quoted
 * @param user the role, usually Odoo's own (LOGIN, CREATEDB, owner of the database)
 * @param password the role's password; may be absent
 * @param sslMode libpq's sslmode (disable, allow, prefer, require, verify-ca, verify-full)
 */
public record DatabaseBinding(String host, int port, String name, String user, Secret password, String sslMode) {
    /** Whether the server is reached through a socket of this machine. */
    public boolean isSocket() {
        return host.startsWith("/");
    }

    /** Its file, where {@link #isSocket}. */
    public String socket() {
        return host + "/.s.PGSQL." + port;
    }

    /** The server, for people. */
    public String server() {
        return isSocket() ? socket() : host + ":" + port;
    }

    /** The same server and role, another database. */
    public DatabaseBinding withName(String other) {
        return new DatabaseBinding(host, port, other, user, password, sslMode);
    }
}
