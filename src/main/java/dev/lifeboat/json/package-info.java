/** The one way in which Lifeboat writes and reads JSON. */
package dev.lifeboat.json;
