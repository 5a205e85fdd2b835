package dev.lifeboat.console;

import dev.lifeboat.access.Accounts;
import dev.lifeboat.access.Administration;
import dev.lifeboat.access.Caller;
import dev.lifeboat.access.CurrentCaller;
import jakarta.enterprise.context.ApplicationScoped;

/** Makes the frame of the page that is being answered. */
@ApplicationScoped
class Frames {
    private final CurrentCaller caller;
    private final Accounts accounts;
    private final Administration administration;

    Frames(CurrentCaller caller, Accounts accounts, Administration administration) {
        this.caller = caller;
        this.accounts = accounts;
        this.administration = administration;
    }

    /** The frame of a page of that name, in that section of the navigation. */
    Frame of(String title, String section) {
        Caller who = caller.get();
        return new Frame(
                title,
                section,
                accounts.person(who),
                !administration.projects(who).isEmpty(),
                who.csrf(),
                Assets.VERSION);
    }

    /** The same where nobody may be logged in. */
    Frame orAnonymous(String title) {
        return caller.find().isPresent() ? of(title, "") : Frame.anonymous(title);
    }
}
