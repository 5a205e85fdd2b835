package dev.lifeboat.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What terraform sets up is what the code and its documentation want. */
final class TerraformBucketsTest {
    private static final Path BUCKETS = Path.of("terraform/buckets");
    private static final Pattern RIGHT = Pattern.compile("s3:[A-Za-z]+");

    @Test
    void the_rule_that_deletes_has_the_tag_that_the_store_gives() throws IOException {
        String rule = Files.readString(BUCKETS.resolve("bucket/main.tf"));
        assertThat(rule)
                .containsPattern("key\\s+= \"" + S3Store.EXPIRED.key() + "\"")
                .containsPattern("value\\s+= \"" + S3Store.EXPIRED.value() + "\"");
    }

    @Test
    void the_policy_has_the_rights_that_the_documentation_lists() throws IOException {
        assertThat(rights(BUCKETS.resolve("main.tf"))).isEqualTo(rights(Path.of("docs/stores.md")));
    }

    private static Set<String> rights(Path file) throws IOException {
        var rights = new TreeSet<String>();
        Matcher right = RIGHT.matcher(Files.readString(file));
        while (right.find()) {
            rights.add(right.group());
        }
        return rights;
    }
}
