package dev.lifeboat.sidecar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.progress.Progress;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A zip that becomes very much, on a volume that has little. */
class OdooZipTest {
    private static final int BOMB = 96 << 20;
    private static final long ROOM = 24 << 20;

    @TempDir
    Path temp;

    private Path zip(String large) throws IOException {
        Path file = temp.resolve("odoo.zip");
        try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("manifest.json"));
            zip.write("{\"odoo_dump\": \"1\"}".getBytes(StandardCharsets.UTF_8));
            if (!large.equals("dump.sql")) {
                zip.putNextEntry(new ZipEntry("dump.sql"));
            }
            zip.putNextEntry(new ZipEntry(large));
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < BOMB / block.length; i++) {
                zip.write(block);
            }
        }
        assertThat(Files.size(file)).isLessThan(1 << 20);
        return file;
    }

    private static long written(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .mapToLong(path -> path.toFile().length())
                    .sum();
        }
    }

    @Test
    void files_that_would_fill_the_volume_end_the_import_and_nothing_of_them_is_left() throws IOException {
        Path file = zip("filestore/ab/ab" + "0".repeat(38));
        Path folder = temp.resolve("unpacked");
        var most = new AtomicLong();
        var room = new OdooZip.Room(() -> {
            most.set(Math.max(most.get(), written(folder)));
            return ROOM - written(folder);
        });
        var thrown = catchThrowableOfType(
                FaultException.class, () -> OdooZip.read(file, folder, room, sql -> {}, Progress.NONE));
        assertThat(thrown.fault().code()).isEqualTo(FaultCode.DISK_SPACE_LOW);
        assertThat(thrown.fault().message()).contains("the environment was not touched");
        assertThat(most.get()).isPositive().isLessThanOrEqualTo(ROOM);
        assertThat(folder).doesNotExist();
    }

    @Test
    void a_dump_that_would_fill_the_volume_ends_the_import_too() throws IOException {
        Path file = zip("dump.sql");
        Path folder = temp.resolve("unpacked");
        var loaded = new AtomicLong();
        var room = new OdooZip.Room(() -> ROOM - loaded.get());
        var thrown = catchThrowableOfType(
                FaultException.class,
                () -> OdooZip.read(
                        file,
                        folder,
                        room,
                        sql -> sql.transferTo(new OutputStream() {
                            @Override
                            public void write(int b) {
                                loaded.incrementAndGet();
                            }

                            @Override
                            public void write(byte[] bytes, int offset, int length) {
                                loaded.addAndGet(length);
                            }
                        }),
                        Progress.NONE));
        assertThat(thrown.fault().code()).isEqualTo(FaultCode.DISK_SPACE_LOW);
        assertThat(loaded.get()).isLessThanOrEqualTo(ROOM);
        assertThat(folder).doesNotExist();
    }
}
