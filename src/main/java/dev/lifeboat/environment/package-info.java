/**
 * Projects, environments and their bindings: where an environment's database, filestore, configuration and service are,
 * and how that is read from the configuration and from odoo.conf.
 */
package dev.lifeboat.environment;
