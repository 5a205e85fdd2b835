/**
 * Odoo's filestore: archived in one parallel pass, indexed so that single files can be fetched, restored by difference,
 * swapped as a folder. Odoo names a file by the SHA-1 of its content ({@code <2 hex>/<40 hex>}), so a name says whether
 * the content is right.
 */
package dev.lifeboat.filestore;
