package dev.lifeboat.environment;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where the parts of one environment are.
 *
 * @param environment its name
 * @param type what it is for
 * @param database its database
 * @param filestore the folder {@code <data_dir>/filestore/<database>}; absolute
 * @param odooConf its odoo.conf, where known
 * @param addonsPath the folders of addons, in Odoo's order
 * @param url where its Odoo answers, where known
 * @param websocket where its Odoo takes websockets, where it is to be asked for that
 * @param rpc who reads through its external API, where it is to be asked
 * @param odoo how Odoo's own command line is run, where it can be
 * @param service how it is stopped and started
 * @param stores the names of its stores, the first is the primary
 */
public record Bindings(
        EnvironmentId environment,
        EnvironmentType type,
        DatabaseBinding database,
        Path filestore,
        Optional<Path> odooConf,
        List<Path> addonsPath,
        Optional<URI> url,
        Optional<URI> websocket,
        Optional<RpcBinding> rpc,
        Optional<OdooCommand> odoo,
        ServiceBinding service,
        List<String> stores) {
    public Bindings {
        addonsPath = List.copyOf(addonsPath);
        stores = List.copyOf(stores);
    }

    /** Another database and filestore in the place of its own; no service is theirs to stop. */
    public Bindings at(DatabaseBinding otherDatabase, Path otherFilestore) {
        return new Bindings(
                environment,
                type,
                otherDatabase,
                otherFilestore,
                odooConf,
                addonsPath,
                url,
                websocket,
                rpc,
                odoo,
                new ServiceBinding.None(),
                stores);
    }

    /** The same database and filestore, apart from the Odoo that runs: its log, pages and API say nothing of them. */
    public Bindings apart() {
        return new Bindings(
                environment,
                type,
                database,
                filestore,
                Optional.empty(),
                addonsPath,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                odoo,
                new ServiceBinding.None(),
                stores);
    }
}
