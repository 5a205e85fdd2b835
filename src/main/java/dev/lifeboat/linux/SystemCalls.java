package dev.lifeboat.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Calls of the C library, where it has them. Each says what it does where there is no such call. */
public final class SystemCalls {
    private static final int AT_FDCWD = -100;
    private static final int RENAME_EXCHANGE = 2;
    private static final int O_RDONLY = 0;
    /** Of arm, these two have other numbers than elsewhere (Linux, arch/arm64/include/uapi/asm/fcntl.h). */
    private static final boolean ARM = System.getProperty("os.arch").startsWith("aarch");

    private static final int O_NOFOLLOW = ARM ? 0100000 : 0400000;
    private static final int O_DIRECTORY = ARM ? 040000 : 0200000;
    private static final int O_CLOEXEC = 02000000;
    private static final int POSIX_FADV_DONTNEED = 4;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
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
     * A folder that was opened: paths under {@link #path} lead into that very folder, whatever becomes of its name.
     *
     * @param path how it is reached while it is open
     * @param descriptor the system's number of it; below 0: the system has no such call, and the path is the folder's own
     */
    public record OpenFolder(Path path, int descriptor) implements AutoCloseable {
        @Override
        public void close() {
            if (descriptor >= 0) {
                try {
                    int closed = (int) CLOSE.orElseThrow().invokeExact(descriptor);
                    assert closed <= 0;
                } catch (Throwable e) {
                    throw new IllegalStateException("close can't be called", e);
                }
            }
        }
    }

    /**
     * Opens a folder, and no symbolic link to one (open with O_DIRECTORY and O_NOFOLLOW). Where others may rename in the folder
     * above, its name can be made to lead elsewhere between two calls; an open folder can't. Where there is no such call or no
     * {@code /proc}, the name is used.
     *
     * @throws IOException where it is not there, or is no folder
     */
    public static OpenFolder openFolder(Path folder) throws IOException {
        if (OPEN.isEmpty() || CLOSE.isEmpty() || !Files.isDirectory(DESCRIPTORS)) {
            return new OpenFolder(folder, -1);
        }
        int descriptor;
        try (Arena arena = Arena.ofConfined()) {
            descriptor =
                    (int) OPEN.get().invokeExact(text(arena, folder), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        } catch (Throwable e) {
            throw new IllegalStateException("open can't be called", e);
        }
        if (descriptor < 0) {
            throw new IOException(folder + " is not there, is no folder, or may not be opened");
        }
        return new OpenFolder(DESCRIPTORS.resolve(Integer.toString(descriptor)), descriptor);
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
