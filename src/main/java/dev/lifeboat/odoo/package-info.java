/**
 * What Odoo's own data says of a restored environment: the seven checks of the restore specification, and the counts that
 * people ask for first. Reads only.
 */
package dev.lifeboat.odoo;
