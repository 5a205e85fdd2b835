/** How long work tells how far it is. Depends on nothing. */
package dev.lifeboat.progress;
