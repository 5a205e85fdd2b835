/**
 * The contract between the orchestrator and the functions: what a step is given and what it answers. Sealed inside, flat
 * JSON on the wire.
 */
package dev.lifeboat.step;
