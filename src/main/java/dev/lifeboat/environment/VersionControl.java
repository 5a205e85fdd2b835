package dev.lifeboat.environment;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Sets the version of an environment's Odoo: its code, not its data. Setting the version that is set already is no failure.
 * Implementations are thread-safe and hold nothing.
 */
public interface VersionControl {
    /** What stands for the version in a command's arguments. */
    String PLACEHOLDER = "{version}";

    /** A tag, a digest or an image: nothing that a shell, compose or a program's options would take for something else. */
    Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}");

    /** The control that a binding asks for. */
    static VersionControl of(VersionBinding binding) {
        return switch (binding) {
            case VersionBinding.None none -> new NoVersionControl();
            case VersionBinding.EnvFile file -> new EnvFileVersion(file);
            case VersionBinding.Image image -> new ImageVersion(image);
            case VersionBinding.Command command -> new CommandVersion(command);
        };
    }

    /**
     * The version, where it can be one.
     *
     * @throws FaultException BAD_INPUT
     */
    static String checked(String version) {
        if (!FORM.matcher(version).matches()) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + version + "' is no version that can be set; nothing was touched",
                            "Name a tag, a digest or an image: letters, digits and . _ : / @ + -, a letter or digit first,"
                                    + " 200 characters at most.")
                    .toException();
        }
        return version;
    }

    /**
     * The version, where it can be one and leads to no other repository than the present one: who names a version, in an event or a
     * request, decides on a tag or a digest, and not on whose image runs.
     *
     * @param present the version, or the image, that is there; empty: not known
     * @throws FaultException BAD_INPUT
     */
    static String checked(String version, Optional<String> present) {
        checked(version);
        boolean here = !version.contains("/")
                || present.map(VersionControl::repository)
                        .filter(version::startsWith)
                        .map(repository -> version.substring(repository.length()))
                        .filter(rest -> rest.startsWith(":") || rest.startsWith("@"))
                        .filter(rest -> !rest.contains("/"))
                        .isPresent();
        if (!here) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + version + "' is of another repository than "
                                    + present.orElse("the present version, which is not known")
                                    + "; nothing was touched",
                            "Name a tag or a digest of the present repository; deploy another one as you always do.")
                    .toException();
        }
        return version;
    }

    /** The name of an image without its tag and its digest. */
    static String repository(String image) {
        int digest = image.indexOf('@');
        String named = digest >= 0 ? image.substring(0, digest) : image;
        int tag = named.lastIndexOf(':');
        // A colon before the last slash is that of the registry's port.
        return tag > named.lastIndexOf('/') ? named.substring(0, tag) : named;
    }

    /**
     * The version, where it could be set here: it is of the present repository.
     *
     * @throws FaultException BAD_INPUT; SERVICE_FAILED where what tells the present version does not answer
     */
    default String permitted(String version) {
        return checked(version).contains("/") ? checked(version, current()) : version;
    }

    /** Whether Lifeboat can set the version at all. */
    boolean isControlled();

    /**
     * The version that is set; empty where nobody can tell.
     *
     * @throws FaultException SERVICE_FAILED where what tells it does not answer
     */
    Optional<String> current();

    /**
     * Whether that version is the one that is set; empty where nobody can tell.
     *
     * @throws FaultException as {@link #current}
     */
    default Optional<Boolean> isSet(String version) {
        return current().map(version::equals);
    }

    /**
     * Sets the version, and has a service that runs, or that the version's own program starts, run it.
     *
     * @return what was done; one that did not succeed tells in its log why
     * @throws FaultException BAD_INPUT where it can be no version, or is of another repository; SERVICE_FAILED where what sets it can't be reached
     */
    ServiceControl.Outcome set(String version);
}
