package dev.lifeboat.environment;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How Odoo's own command line is run: to load a copy of a database, and to neutralise one.
 *
 * @param program the program and its first arguments, such as {@code runuser -u odoo -- /usr/bin/odoo} or {@code docker compose
 *     exec -T odoo odoo}
 * @param conf its odoo.conf, as that program sees it
 * @param testTags which of Odoo's tests run on the copy (Odoo's {@code --test-tags}); empty: none
 * @param limit how long one call may take
 */
public record OdooCommand(List<String> program, String conf, Optional<String> testTags, Duration limit) {
    public OdooCommand {
        program = List.copyOf(program);
    }
}
