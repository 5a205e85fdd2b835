/**
 * What a run leaves for an auditor: named files in a folder of the run's own, redacted on the way, closed by checksums and a
 * signature ({@link dev.lifeboat.evidence.EvidenceFolder}).
 */
package dev.lifeboat.evidence;
