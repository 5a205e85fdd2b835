/** The HTTP interface: JSON under {@code /api/v1}, problem details (RFC 9457) for what goes wrong, a token for all of it. */
package dev.lifeboat.api;
