/** A sample environment that looks like Odoo's: for the demo. */
package dev.lifeboat.sample;
