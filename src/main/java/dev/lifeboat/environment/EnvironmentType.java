package dev.lifeboat.environment;

/** What an environment is for. A restore into production wants a typed confirmation. */
public enum EnvironmentType {
    PRODUCTION,
    STAGING,
    DEV
}
