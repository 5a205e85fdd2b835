/**
 * Deployments: what is looked at after one, what its trouble asks for, what people are told and asked meanwhile, and the report
 * of it afterwards. Nothing here begins a run.
 */
package dev.lifeboat.deployment;
