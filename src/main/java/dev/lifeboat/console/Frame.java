package dev.lifeboat.console;

/**
 * What stands around every page.
 *
 * @param title the page's name
 * @param section which entry of the navigation it belongs to
 * @param user the person who is logged in; empty: nobody
 * @param mayAdminister whether they look after a project
 * @param csrf what every form sends back
 * @param assets changes whenever style or script do, so that a browser takes the new ones
 */
public record Frame(String title, String section, String user, boolean mayAdminister, String csrf, String assets) {
    static Frame anonymous(String title) {
        return new Frame(title, "", "", false, "", Assets.VERSION);
    }
}
