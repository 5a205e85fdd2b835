/** What is asked of an Odoo after a restore: the seven checks of the restore specification, step 9. */
package dev.lifeboat.odoo;
