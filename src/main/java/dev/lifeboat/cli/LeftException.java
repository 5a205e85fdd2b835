package dev.lifeboat.cli;

/** The user has left while a run went on; what is to be said of it has been said. */
final class LeftException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LeftException() {
        super("left", null, false, false);
    }
}
