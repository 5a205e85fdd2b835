package dev.lifeboat.odoo;

import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.filestore.Trees;
import dev.lifeboat.filestore.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;

/**
 * Every file that the database refers to is there and has the content that its name says. Names are streamed from the
 * database, and several are read at a time; whatever their number, a few hundred are held.
 */
final class FilestoreAccessibility implements ValidationCheck {
    private static final int FETCH = 5_000;
    private static final int AHEAD = 256;
    private static final Pattern STORE_NAME = Pattern.compile("[0-9a-f]{2}/[0-9a-f]{40}");

    @Override
    public String name() {
        return "filestore accessibility";
    }

    @Override
    public String expected() {
        return "every file that ir_attachment names is there and has the SHA-1 of its name, but for those that the artifact"
                + " lists as missing or damaged";
    }

    @Override
    public boolean provesData() {
        return true;
    }

    @Override
    public CheckResult run(ValidationContext context) throws SQLException {
        var lacking = Sql.lacking(context.connection(), "ir_attachment");
        if (lacking.isPresent()) {
            return CheckResult.notApplicable(this, lacking.get());
        }
        if (context.artifact().isPresent()
                && context.artifact().get().filestore().isEmpty()) {
            return CheckResult.notApplicable(this, "the artifact holds no filestore");
        }
        long files = Sql.number(
                context.connection(), "SELECT count(DISTINCT store_fname) FROM ir_attachment WHERE store_fname <> ''");
        if (files == 0) {
            return CheckResult.notApplicable(this, "the database refers to no file");
        }
        context.progress().phase("filestore");
        context.progress().expect(0, files);
        var tally = new Tally(context);
        try (ExecutorService workers = Executors.newFixedThreadPool(
                Workers.reading(),
                Thread.ofPlatform().daemon().name("filestore-check-", 0).factory())) {
            try {
                look(context, workers, tally);
            } finally {
                workers.shutdownNow();
            }
        }
        return tally.result(this);
    }

    private static void look(ValidationContext context, ExecutorService workers, Tally tally) throws SQLException {
        var ahead = new ArrayDeque<Future<Looked>>();
        try (var statement = context.connection().createStatement()) {
            statement.setFetchSize(FETCH);
            try (var rows =
                    statement.executeQuery("SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname <> ''")) {
                while (rows.next()) {
                    String name = rows.getString(1);
                    ahead.add(workers.submit(() -> looked(context.filestore(), name)));
                    if (ahead.size() >= AHEAD) {
                        tally.add(await(ahead.removeFirst()));
                    }
                }
            }
        }
        while (!ahead.isEmpty()) {
            tally.add(await(ahead.removeFirst()));
        }
    }

    private static Looked await(Future<Looked> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Fault.of(FaultCode.CANCELLED, "the validation was ended on request", "Start it again.")
                    .toException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("a look at a file failed in a way that is not foreseen", e.getCause());
        }
    }

    /** A file that was looked at; empty problem: it is right. */
    private record Looked(String name, Optional<String> problem, long bytes) {}

    private static Looked looked(Path filestore, String name) {
        Path file = filestore.resolve(name).normalize();
        if (!file.startsWith(filestore) || name.startsWith("/")) {
            return new Looked(name, Optional.of("it leads out of the filestore"), 0);
        }
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                return new Looked(name, Optional.of(Files.exists(file) ? "no regular file" : "missing"), 0);
            }
            long bytes = Files.size(file);
            String sha1 = Trees.sha1(file);
            boolean right = !STORE_NAME.matcher(name).matches()
                    || sha1.equals(file.getFileName().toString());
            return new Looked(name, right ? Optional.empty() : Optional.of("its content has SHA-1 " + sha1), bytes);
        } catch (IOException e) {
            return new Looked(name, Optional.of("unreadable: " + e.getMessage()), 0);
        }
    }

    /** What was found so far. */
    private static final class Tally {
        private final ValidationContext context;
        private final List<String> wrong = new ArrayList<>();
        private final List<String> known = new ArrayList<>();
        private long right;
        private long wrongs;
        private long knowns;

        Tally(ValidationContext context) {
            this.context = context;
        }

        void add(Looked looked) {
            context.progress().advance(looked.bytes(), 1);
            if (looked.problem().isEmpty()) {
                right++;
            } else if (context.knownMissing().contains(looked.name())) {
                knowns++;
                keep(
                        known,
                        looked.name() + ": so in the backup already: "
                                + looked.problem().get());
            } else {
                wrongs++;
                keep(wrong, looked.name() + ": " + looked.problem().get());
            }
        }

        private static void keep(List<String> kept, String line) {
            if (kept.size() < CheckResult.MOST_DETAILS) {
                kept.add(line);
            }
        }

        CheckResult result(ValidationCheck check) {
            String actual = right + " right, " + wrongs + " wrong"
                    + (knowns == 0 ? "" : ", " + knowns + " missing or damaged as in the backup");
            return wrongs == 0 ? CheckResult.passed(check, actual, known) : CheckResult.failed(check, actual, wrong);
        }
    }
}
