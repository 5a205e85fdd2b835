package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.environment.DatabaseBinding;
import dev.lifeboat.testing.SocketCluster;
import dev.lifeboat.testing.TestCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An Odoo as a distribution's packages install it: its role has no password, and PostgreSQL is reached through its socket. */
class SocketIT {
    @TempDir
    Path folder;

    @Test
    void an_environment_behind_a_socket_is_backed_up_and_comes_back_without_any_password() throws IOException {
        try (SocketCluster cluster = SocketCluster.start(folder.resolve("cluster"))) {
            DatabaseBinding database = cluster.createDatabase("shop");
            try (var sql = SocketIT.class.getResourceAsStream("/sample/odoo.sql")) {
                TestCluster.execute(database, new String(sql.readAllBytes(), StandardCharsets.UTF_8));
            }
            Path filestore = Files.createDirectories(folder.resolve("odoo-data/filestore/shop"));
            Files.writeString(folder.resolve("odoo.conf"), """
                    [options]
                    db_host = %s
                    db_port = %d
                    db_user = odoo
                    db_name = shop
                    data_dir = %s
                    """.formatted(
                            database.host(), database.port(), folder.resolve("odoo-data")));
            try (var shop = Installation.beside(folder, database, filestore)) {
                shop.configure("");
                shop.addAttachments(20);
                var tables = shop.tables();
                var tree = shop.tree();

                shop.lifeboat("backup", "shop").succeeded();
                TestCluster.execute(database, "DELETE FROM ir_attachment; DROP TABLE mail_message CASCADE");
                Installation.deleteTree(filestore);
                shop.lifeboat("restore", "shop", "latest").succeeded();

                assertThat(shop.tables()).isEqualTo(tables);
                assertThat(shop.tree()).isEqualTo(tree);
            }
        }
    }
}
