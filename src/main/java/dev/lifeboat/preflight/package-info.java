/** What has to hold before a run: the six preconditions of a backup and the nine of a restore, all evaluated together. */
package dev.lifeboat.preflight;
