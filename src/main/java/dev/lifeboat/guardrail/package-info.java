/** The guardrails: declared in {@code functions/<name>/function.yaml}, asked for here, enforced where they bind. */
package dev.lifeboat.guardrail;
