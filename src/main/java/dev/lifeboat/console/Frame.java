package dev.lifeboat.console;

import dev.lifeboat.access.Caller;

/**
 * What stands around every page.
 *
 * @param title the page's name
 * @param section which entry of the navigation it belongs to
 * @param user who is logged in; empty: nobody
 * @param csrf what every form sends back
 * @param assets changes whenever style or script do, so that a browser takes the new ones
 */
public record Frame(String title, String section, String user, String csrf, String assets) {
    static Frame of(String title, String section, Caller caller) {
        return new Frame(title, section, caller.user(), caller.csrf(), Assets.VERSION);
    }

    static Frame anonymous(String title) {
        return new Frame(title, "", "", "", Assets.VERSION);
    }
}
