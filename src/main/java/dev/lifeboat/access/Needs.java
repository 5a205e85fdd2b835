package dev.lifeboat.access;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a caller must be allowed to do, to be let in to a resource's method. A method that does not say lets nobody in. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Needs {
    /** The action. */
    Action value();

    /** Where it must be allowed. */
    Where in() default Where.PATH;

    /** Where an action must be allowed. */
    enum Where {
        /** In the project of what the path names: {@code {env}}, {@code {run}} or {@code {artifact}}. */
        PATH,
        /** As {@link #PATH} of a {@code {run}}; and what beginning that run wants must be allowed there, too. */
        RUN,
        /** In some project: the method itself shows and does only what is allowed in each. */
        SOME,
        /** In all projects. */
        ALL
    }
}
