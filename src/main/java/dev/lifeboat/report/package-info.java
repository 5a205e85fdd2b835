/** The report that an auditor gets: policy in force, runs, drills, gaps, and which controls they speak for. */
package dev.lifeboat.report;
