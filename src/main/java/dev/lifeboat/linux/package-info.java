/** The few calls of the operating system that the JDK has no method for. */
package dev.lifeboat.linux;
