package dev.lifeboat.odoo;

import dev.lifeboat.artifact.Manifest;
import dev.lifeboat.environment.Addons;
import dev.lifeboat.environment.Bindings;
import dev.lifeboat.environment.OdooConf;
import dev.lifeboat.environment.RpcBinding;
import dev.lifeboat.environment.ServiceControl;
import dev.lifeboat.progress.Progress;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Instant;
import java.util.HashSet;
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
 * @param service whose manager keeps a log where Odoo writes no file
 * @param rpc how Odoo's external API is read; empty: it is not asked
 * @param since log lines from then on count (UTC)
 * @param knownMissing names of the filestore that were already missing or damaged when the artifact was made
 * @param syntax what came of running Odoo itself on a copy; empty: it was not run
 * @param progress told of every file of the filestore
 */
public record ValidationContext(
        Connection connection,
        Path filestore,
        Optional<Manifest> artifact,
        Addons addons,
        Optional<Path> logfile,
        ServiceControl service,
        Optional<Rpc> rpc,
        Instant since,
        Set<String> knownMissing,
        Optional<CheckResult> syntax,
        Progress progress) {
    public ValidationContext {
        knownMissing = Set.copyOf(knownMissing);
    }

    /** Where Odoo answers, and who asks. */
    public record Rpc(URI url, RpcBinding user) {}

    /**
     * The context of an environment.
     *
     * @throws dev.lifeboat.fault.FaultException ODOO_CONF_UNREADABLE
     */
    public static ValidationContext of(
            Connection connection,
            Bindings bindings,
            Optional<Manifest> artifact,
            Instant since,
            Optional<CheckResult> syntax,
            Progress progress) {
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
                ServiceControl.of(bindings.service()),
                bindings.url().flatMap(url -> bindings.rpc().map(user -> new Rpc(url, user))),
                since,
                known,
                syntax,
                progress);
    }
}
