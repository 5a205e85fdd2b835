package dev.lifeboat.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Calls of the C library, where it has them. Each says what it does where there is no such call. */
public final class SystemCalls {
    private static final int AT_FDCWD = -100;
    private static final int RENAME_EXCHANGE = 2;
    private static final int O_RDONLY = 0;
    private static final int O_NOFOLLOW = 0400000;
    private static final int O_CLOEXEC = 02000000;
    private static final int POSIX_FADV_DONTNEED = 4;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong OFFSET = ValueLayout.JAVA_LONG;

    private static final Optional<MethodHandle> RENAMEAT2 =
            call("renameat2", FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS, INT, ValueLayout.ADDRESS, INT));
    private static final Optional<MethodHandle> OPEN =
            call("open", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT), Linker.Option.firstVariadicArg(2));
    private static final Optional<MethodHandle> FADVISE =
            call("posix_fadvise", FunctionDescriptor.of(INT, INT, OFFSET, OFFSET, INT));
    private static final Optional<MethodHandle> CLOSE = call("close", FunctionDescriptor.of(INT, INT));

    /**
     * The option that opens a file for reading and writing past the page cache (O_DIRECT); positions, lengths and memory then
     * have to be multiples of the file system's block. The compiler warns of every mention of its class, which stands in the
     * module jdk.unsupported, hence this way to it.
     */
    public static final Optional<OpenOption> DIRECT = direct();

    private SystemCalls() {}

    private static Optional<OpenOption> direct() {
        try {
            return Stream.of(
                            Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants())
                    .filter(option -> option.toString().equals("DIRECT"))
                    .map(OpenOption.class::cast)
                    .findFirst();
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    /**
     * Exchanges two names in one step, so that neither is free at any time (renameat2 with RENAME_EXCHANGE).
     *
     * @return false, and nothing has changed, where the system or the file system can't, or one name is not there
     */
    public static boolean exchange(Path a, Path b) {
        if (RENAMEAT2.isEmpty()) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            int result = (int)
                    RENAMEAT2.get().invokeExact(AT_FDCWD, text(arena, a), AT_FDCWD, text(arena, b), RENAME_EXCHANGE);
            return result == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("renameat2 can't be called", e);
        }
    }

    /**
     * Lets the system forget a file's pages that were just read once (posix_fadvise with POSIX_FADV_DONTNEED): a backup that
     * reads everything would push out what Odoo and PostgreSQL read often, and every page that is not used again has to be
     * made anew. It is advice: nothing is lost where it is not followed.
     */
    public static void forgetPages(Path file) {
        if (OPEN.isEmpty() || FADVISE.isEmpty() || CLOSE.isEmpty()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            int descriptor = (int) OPEN.get().invokeExact(text(arena, file), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
            if (descriptor >= 0) {
                int advised = (int) FADVISE.get().invokeExact(descriptor, 0L, 0L, POSIX_FADV_DONTNEED);
                int closed = (int) CLOSE.get().invokeExact(descriptor);
                assert advised >= 0 && closed <= 0;
            }
        } catch (Throwable e) {
            throw new IllegalStateException("posix_fadvise can't be called", e);
        }
    }

    private static MemorySegment text(Arena arena, Path path) {
        return arena.allocateFrom(path.toAbsolutePath().toString());
    }

    @SuppressWarnings("restricted") // The JDK has no method for these.
    private static Optional<MethodHandle> call(String name, FunctionDescriptor form, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup().find(name).map(function -> linker.downcallHandle(function, form, options));
    }
}
