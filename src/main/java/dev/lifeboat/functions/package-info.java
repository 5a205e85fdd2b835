/**
 * The functions: one thin class each, with one {@code @Funq} method. {@code functions/<name>/function.yaml} says what each
 * does, needs and may; a test holds the two together.
 */
package dev.lifeboat.functions;
