/** What Lifeboat tells those who watch it: metrics, and whether the environments that it protects answer. */
package dev.lifeboat.monitor;
