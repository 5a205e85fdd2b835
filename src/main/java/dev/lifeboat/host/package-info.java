/**
 * The data folder and its one owner: the process that holds its lock, runs the embedded state server and the engine, and
 * tells others by {@code endpoint} how to reach it.
 */
package dev.lifeboat.host;
