package dev.lifeboat.environment;

/**
 * Who reads through Odoo's external API.
 *
 * @param login of the user
 * @param key an API key of that user's, or the password
 */
public record RpcBinding(String login, Secret key) {}
