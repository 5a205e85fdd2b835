/** Tells people what they have to know although nobody is looking: by chat, mail and signed HTTP calls. Never part of a run. */
package dev.lifeboat.notify;
