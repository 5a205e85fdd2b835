package dev.lifeboat.odoo;

import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.Addons;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.OdooConf;
import dev.lifeboat.progress.Progress;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a validation looks at.
 *
 * @param connection to the database, in a read-only transaction; the caller closes it
 * @param filestore the database's folder of the filestore
 * @param artifact what was restored; empty: the environment is looked at on its own
 * @param addons what is on disk
 * @param logfile Odoo's log, where it is known
 * @param since log lines from then on count (UTC)
 * @param knownMissing names of the filestore that were already missing or damaged when the artifact was made
 * @param syntax how Odoo itself can be run on a copy; empty: it can't
 * @param progress told of every file of the filestore
 */
public record ValidationContext(
        Connection connection,
        Path filestore,
        Optional<Manifest> artifact,
        Addons addons,
        Optional<Path> logfile,
        Instant since,
        Set<String> knownMissing,
        Optional<SyntaxRun> syntax,
        Progress progress) {
    public ValidationContext {
        knownMissing = Set.copyOf(knownMissing);
    }

    /**
     * How Odoo is run to see whether its code loads.
     *
     * @param odoo program and arguments that start Odoo with its configuration, such as {@code odoo -c /etc/odoo/odoo.conf}
     * @param copy a database that is a copy for this purpose, never the live one
     * @param limit how long it may take
     */
    public record SyntaxRun(List<String> odoo, String copy, Duration limit) {
        public SyntaxRun {
            odoo = List.copyOf(odoo);
        }
    }

    /**
     * The context of an environment where no copy is at hand to run Odoo on.
     *
     * @throws dev.lifeboat.fault.FaultException ODOO_CONF_UNREADABLE
     */
    public static ValidationContext of(
            Connection connection, Bindings bindings, Optional<Manifest> artifact, Instant since, Progress progress) {
        var known = new HashSet<String>();
        artifact.flatMap(Manifest::filestore).ifPresent(filestore -> {
            known.addAll(filestore.missing());
            known.addAll(filestore.damaged());
        });
        return new ValidationContext(
                connection,
                bindings.filestore(),
                artifact,
                Addons.scan(bindings.addonsPath()),
                bindings.odooConf()
                        .map(OdooConf::read)
                        .flatMap(conf -> conf.get("logfile"))
                        .map(Path::of),
                since,
                known,
                Optional.empty(),
                progress);
    }
}
