/**
 * Everything that Lifeboat does with a PostgreSQL server: capture, dump, digest, load and swap of a database, the tools
 * for it, and clusters of its own. Knows nothing of runs, stores and Odoo's service.
 */
package dev.lifeboat.postgres;
