package dev.lifeboat.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.lifeboat.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The console in Chromium, over an installation that was not made for it. */
class ConsoleIT {
    /** Where the pictures go that documentation may take; see them before you do. */
    private static final Path PICTURES = Path.of("target", "screenshots");

    private static final double LIMIT_MILLIS = 60_000;

    @TempDir
    static Path folder;

    private static Installation shop;
    private static Playwright playwright;
    private static Browser browser;
    private static String base;
    private static String artifact;
    private static String backupRun;
    private static Path held;

    private final List<String> complaints = new ArrayList<>();
    private final List<BrowserContext> opened = new ArrayList<>();

    @BeforeAll
    static void install() throws IOException, InterruptedException {
        shop = Installation.create(folder, "it_console", 300);
        // dumps wait while this file is there
        held = folder.resolve("held");
        shop.wrap("pg_dump", "while [ -e '" + held + "' ]; do sleep 0.05; done; exec \"$real\" \"$@\"");
        shop.configure(
                "staging",
                "",
                """
                lab:
                  type: dev
                  odoo-conf: %s
                  database: {name: it_console_lab}
                  filestore: %s
                  url: https://bot:canary-site-9b4c@lab.example.com/
                """.formatted(folder.resolve("odoo.conf"), folder.resolve("lab-files")),
                "pg-bin: " + folder.resolve("pgbin") + "\n");
        shop.serve();
        shop.lifeboat("backup", "shop", "--label", "<b>before</b> the upgrade").succeeded();
        JsonNode backup = shop.lifeboat("backup", "shop", "--json").succeeded().json();
        artifact = backup.path("artifact_id").asText();
        backupRun = backup.path("run_id").asText();
        for (String role : List.of("viewer", "operator", "restorer")) {
            shop.lifeboat("member", "set", role, "--project", "acme", "--role", role)
                    .succeeded();
        }
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(chromium())
                        .setArgs(List.of(
                                "--headless",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-quic",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync")));
        base = loginLink().replaceFirst("/console/login#.*", "");
        PlaywrightAssertions.setDefaultAssertionTimeout(LIMIT_MILLIS);
        Files.createDirectories(PICTURES);
    }

    @AfterAll
    static void remove() throws IOException {
        if (playwright != null) {
            playwright.close();
        }
        shop.close();
    }

    @BeforeEach
    void begin() {
        complaints.clear();
    }

    @AfterEach
    void close() {
        opened.forEach(BrowserContext::close);
        assertThat(complaints).isEmpty();
    }

    private static Path chromium() {
        return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no Chromium is installed: apt-get install chromium"));
    }

    private static String loginLink() {
        return shop.lifeboat("login", "--json").succeeded().json().path("url").asText();
    }

    private static String token(String user) {
        return shop.lifeboat("token", "create", "--name", user, "--project", "acme", "--user", user, "--json")
                .succeeded()
                .json()
                .path("secret")
                .asText();
    }

    private Page open(int width, ColorScheme scheme, boolean script) {
        BrowserContext context = browser.newContext(new Browser.NewContextOptions()
                .setViewportSize(width, width < 600 ? 844 : 900)
                .setColorScheme(scheme)
                .setJavaScriptEnabled(script)
                .setDeviceScaleFactor(1));
        opened.add(context);
        Page page = context.newPage();
        page.setDefaultTimeout(LIMIT_MILLIS);
        page.onConsoleMessage(message -> {
            // a page that is refused is no fault of the page
            if (message.type().equals("error") && !message.text().contains("the server responded with a status of")) {
                complaints.add(message.text());
            }
        });
        page.onPageError(complaints::add);
        page.onRequest(request -> {
            if (!request.url().startsWith(base) && !request.url().startsWith("data:")) {
                complaints.add("asked elsewhere: " + request.url());
            }
        });
        return page;
    }

    private Page loggedIn(int width, ColorScheme scheme) {
        Page page = open(width, scheme, true);
        page.navigate(loginLink());
        page.waitForURL(base + "/console");
        return page;
    }

    private Page loggedInAs(String user) {
        Page page = open(1280, ColorScheme.LIGHT, true);
        page.navigate(base + "/console");
        page.getByLabel("Login code or API token").fill(token(user));
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Log in"))
                .click();
        page.waitForURL(base + "/console");
        return page;
    }

    private static Map<String, String> pages() {
        return Map.ofEntries(
                Map.entry("overview", "/console"),
                Map.entry("environment", "/console/environments/acme.shop"),
                Map.entry("environment-without-backup", "/console/environments/acme.lab"),
                Map.entry("runs", "/console/runs?environment=acme/shop"),
                Map.entry("run", "/console/runs/" + backupRun),
                Map.entry("evidence", "/console/runs/" + backupRun + "/evidence/inputs.json"),
                Map.entry("backups", "/console/artifacts"),
                Map.entry("backup", "/console/artifacts/" + artifact),
                Map.entry("restore-choose", "/console/environments/acme.shop/restore"),
                Map.entry("restore-confirm", "/console/environments/acme.shop/restore/check?artifact=" + artifact),
                Map.entry("drills", "/console/drills"),
                Map.entry("deployments", "/console/deployments"),
                Map.entry("deployments-of-one", "/console/environments/acme.shop/deployments"),
                Map.entry("access", "/console/access"),
                Map.entry("decisions", "/console/access/decisions"),
                Map.entry("account", "/console/account"),
                Map.entry("acknowledge", "/console/runs/" + backupRun + "/acknowledge"),
                Map.entry("settings", "/console/settings"),
                Map.entry("problem", "/console/runs/run_nowhere"));
    }

    @ParameterizedTest
    @CsvSource({"1280, LIGHT", "1280, DARK", "390, LIGHT", "390, DARK"})
    void every_page_is_whole_and_accessible(int width, ColorScheme scheme) {
        Page page = loggedIn(width, scheme);
        var found = new ArrayList<String>();
        pages().forEach((name, path) -> {
            page.navigate(base + path);
            look(page, name, width, scheme, found);
        });
        Page anonymous = open(width, scheme, true);
        anonymous.navigate(base + "/console");
        look(anonymous, "login", width, scheme, found);
        assertThat(found).isEmpty();
    }

    private static void look(Page page, String name, int width, ColorScheme scheme, List<String> found) {
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(PICTURES.resolve(name + "-" + width + "-" + scheme + ".png"))
                .setFullPage(true));
        new AxeBuilder(page).analyze().getViolations().forEach(violation -> violation
                .getNodes()
                .forEach(node -> found.add(
                        name + ": " + violation.getId() + ": " + node.getHtml() + " " + node.getFailureSummary())));
        int wide = (Integer) page.evaluate("document.documentElement.scrollWidth");
        if (wide > width) {
            found.add(name + " is " + wide + " px wide on a screen of " + width);
        }
        if (page.locator("h1").count() != 1) {
            found.add(name + " has " + page.locator("h1").count() + " headings of the first level");
        }
        for (String canary : Installation.CANARIES.values()) {
            if (page.content().contains(canary)) {
                found.add(name + " shows a secret");
            }
        }
    }

    @Test
    void the_login_link_is_taken_out_of_the_address_and_good_once() {
        String link = loginLink();
        Page page = open(1280, ColorScheme.LIGHT, true);
        page.navigate(link);
        page.waitForURL(base + "/console");
        assertThat((Integer) page.evaluate("document.cookie.length")).isZero();
        Page again = open(1280, ColorScheme.LIGHT, true);
        again.navigate(link);
        PlaywrightAssertions.assertThat(again.getByRole(AriaRole.ALERT)).containsText("good once");
        assertThat(again.url()).isEqualTo(base + "/console/login");

        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Log out"))
                .click();
        page.navigate(base + "/console/runs");
        assertThat(page.url()).isEqualTo(base + "/console/login");
    }

    @Test
    void what_a_person_may_is_what_the_pages_offer_and_what_the_server_does() {
        Page viewer = loggedInAs("viewer");
        viewer.navigate(base + "/console/environments/acme.shop");
        PlaywrightAssertions.assertThat(offers(viewer, "Back up now")).hasCount(0);
        PlaywrightAssertions.assertThat(offers(viewer, "Rehearse a restore")).hasCount(0);
        PlaywrightAssertions.assertThat(viewer.getByText("Restore …")).hasCount(0);
        viewer.navigate(base + "/console/artifacts/" + artifact);
        PlaywrightAssertions.assertThat(viewer.locator("a[download]")).hasCount(0);
        refused(viewer, "/console/environments/acme.shop/restore");
        refused(viewer, "/api/v1/artifacts/" + artifact + "/files/db.dump");
        PlaywrightAssertions.assertThat(viewer.getByRole(AriaRole.LINK, link("Access")))
                .hasCount(0);
        refused(viewer, "/console/access");
        refused(viewer, "/console/access/decisions");

        Page operator = loggedInAs("operator");
        operator.navigate(base + "/console/environments/acme.shop");
        PlaywrightAssertions.assertThat(offers(operator, "Back up now")).hasCount(1);
        PlaywrightAssertions.assertThat(offers(operator, "Rehearse a restore")).hasCount(1);
        PlaywrightAssertions.assertThat(operator.getByText("Restore …")).hasCount(0);
        refused(operator, "/console/environments/acme.shop/restore");

        Page restorer = loggedInAs("restorer");
        restorer.navigate(base + "/console/artifacts/" + artifact);
        PlaywrightAssertions.assertThat(restorer.getByText("Restore …")).hasCount(1);
        var download = restorer.waitForDownload(
                () -> restorer.locator("a[download]").first().click());
        assertThat(download.failure()).isNull();
    }

    private static Page.GetByRoleOptions link(String name) {
        return new Page.GetByRoleOptions().setName(name).setExact(true);
    }

    @Test
    void an_admin_gives_a_role_makes_a_token_that_works_and_revokes_it_and_reads_what_was_decided() {
        Page admin = loggedIn(1280, ColorScheme.LIGHT);
        admin.getByRole(AriaRole.LINK, link("Access")).click();
        admin.locator("#member").fill("olga");
        admin.getByLabel("in", new Page.GetByLabelOptions().setExact(true)).selectOption("acme");
        admin.locator("#member-role").selectOption("operator");
        offers(admin, "Give the role").click();
        PlaywrightAssertions.assertThat(
                        admin.getByLabel("Role of olga in acme", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("operator");

        admin.getByLabel("What will use it").fill("nightly <backup>");
        admin.locator("#project").selectOption("acme");
        admin.getByLabel("For the user").fill("olga");
        admin.getByLabel("view", new Page.GetByLabelOptions().setExact(true)).check();
        admin.getByLabel("backup", new Page.GetByLabelOptions().setExact(true)).check();
        offers(admin, "Make the token").click();
        var found = new ArrayList<String>();
        String secret = admin.locator(".secret").innerText();
        assertThat(secret).startsWith("lifeboat_");
        // the picture shows a token that is revoked below
        look(admin, "new-token", 1280, ColorScheme.LIGHT, found);
        assertThat(found).isEmpty();

        Page olga = open(1280, ColorScheme.LIGHT, true);
        olga.navigate(base + "/console");
        olga.getByLabel("Login code or API token").fill(secret);
        offers(olga, "Log in").click();
        olga.waitForURL(base + "/console");
        PlaywrightAssertions.assertThat(olga.locator(".user")).hasText("olga");
        refused(olga, "/console/access");
        olga.navigate(base + "/console/account");
        PlaywrightAssertions.assertThat(olga.getByText("nightly <backup>")).isVisible();

        admin.navigate(base + "/console/access/decisions?user=token&decision=denied");
        PlaywrightAssertions.assertThat(admin.getByText("GET /console/access").first())
                .isVisible();
        admin.navigate(base + "/console/access");
        assertThat(admin.content()).doesNotContain(secret);
        admin.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(Pattern.compile("Revoke nightly.*")))
                .click();
        PlaywrightAssertions.assertThat(admin.getByText("revoked just now")).isVisible();
        olga.reload();
        assertThat(olga.url()).isEqualTo(base + "/console/login");
    }

    @Test
    void a_person_logs_out_everywhere() {
        Page one = loggedInAs("viewer");
        Page other = loggedInAs("viewer");
        other.navigate(base + "/console/account");
        offers(other, "Log out everywhere").click();
        other.waitForURL(base + "/console/login");
        one.reload();
        assertThat(one.url()).isEqualTo(base + "/console/login");
    }

    private static Locator offers(Page page, String button) {
        return page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(button));
    }

    private static void refused(Page page, String path) {
        Optional<Response> answer = Optional.ofNullable(page.navigate(base + path));
        assertThat(answer.orElseThrow().status()).isEqualTo(403);
    }

    @Test
    void without_script_a_person_logs_in_backs_up_and_reads_how_it_went() throws InterruptedException {
        String code = loginLink().replaceFirst(".*#", "");
        Page page = open(1280, ColorScheme.LIGHT, false);
        page.navigate(base + "/console");
        page.getByLabel("Login code or API token").fill(code);
        offers(page, "Log in").click();
        page.waitForURL(base + "/console");
        page.navigate(base + "/console/environments/acme.shop");
        page.getByLabel("Label of the backup").fill("by hand & by <script>alert(1)</script>");
        offers(page, "Back up now").click();
        page.waitForURL(Pattern.compile(".*/console/runs/run_.*"));
        String run = page.url().replaceFirst(".*/", "");
        // retention keeps the newest of a day: from here on it is this one
        artifact = shop.lifeboat("run", "show", run, "--follow", "--json")
                .succeeded()
                .json()
                .path("artifact_id")
                .asText();
        backupRun = run;
        page.reload();
        PlaywrightAssertions.assertThat(page.locator("h1")).containsText("success");
        PlaywrightAssertions.assertThat(page.locator("dd").getByText("by hand & by <script>alert(1)</script>"))
                .hasCount(1);
    }

    @Test
    void an_operator_rehearses_a_restore_and_reads_that_it_passed() {
        Page operator = loggedInAs("operator");
        operator.navigate(base + "/console/environments/acme.shop");
        offers(operator, "Rehearse a restore").click();
        operator.waitForURL(Pattern.compile(".*/console/runs/run_.*"));
        String run = operator.url().replaceFirst(".*/", "");
        shop.lifeboat("run", "show", run, "--follow").succeeded();
        operator.navigate(base + "/console/environments/acme.shop");
        PlaywrightAssertions.assertThat(operator.locator(".figures").getByText("passed just now"))
                .isVisible();
        operator.navigate(base + "/console/drills");
        PlaywrightAssertions.assertThat(operator.locator("tbody .badge").first())
                .hasText("passed");
    }

    @Test
    void a_person_asks_a_backup_to_stop_and_sees_that_it_has() throws IOException {
        Files.createFile(held);
        try {
            Page operator = loggedInAs("operator");
            operator.navigate(base + "/console/environments/acme.shop");
            offers(operator, "Back up now").click();
            operator.waitForURL(Pattern.compile(".*/console/runs/run_.*"));
            var found = new ArrayList<String>();
            look(operator, "run-going-on", 1280, ColorScheme.LIGHT, found);
            operator.setViewportSize(390, 844);
            look(operator, "run-going-on", 390, ColorScheme.LIGHT, found);
            operator.setViewportSize(1280, 900);
            offers(operator, "Ask it to stop").click();
            PlaywrightAssertions.assertThat(operator.locator("h1 .badge")).hasText("cancelled");
            PlaywrightAssertions.assertThat(operator.getByRole(AriaRole.ALERT)).containsText("asked the run to stop");
            PlaywrightAssertions.assertThat(offers(operator, "Ask it to stop")).hasCount(0);
            look(operator, "run-cancelled", 1280, ColorScheme.LIGHT, found);
            assertThat(found).isEmpty();
        } finally {
            Files.delete(held);
        }
    }

    @Test
    void the_wizard_brings_a_lost_environment_back() throws IOException {
        var tables = shop.tables();
        var tree = shop.tree();
        shop.destroy();
        Page page = loggedIn(1280, ColorScheme.LIGHT);
        page.navigate(base + "/console/environments/acme.shop");
        page.getByText("Restore …").click();
        page.locator("input[value='" + artifact + "']").check();
        offers(page, "Next: see what would happen").click();
        PlaywrightAssertions.assertThat(page.getByText("all of it does")).isVisible();
        Locator go = offers(page, "Restore shop");
        PlaywrightAssertions.assertThat(go).isDisabled();
        page.getByLabel("Type shop to go on").fill("lab");
        PlaywrightAssertions.assertThat(go).isDisabled();
        page.getByLabel("Type shop to go on").fill("shop");
        PlaywrightAssertions.assertThat(go).isEnabled();
        go.press("Enter");
        page.waitForURL(Pattern.compile(".*/console/runs/run_.*"));
        page.screenshot(new Page.ScreenshotOptions().setPath(PICTURES.resolve("restore-live-1280-LIGHT.png")));
        PlaywrightAssertions.assertThat(page.locator("h1 .badge")).hasText("success");
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(PICTURES.resolve("restore-done-1280-LIGHT.png"))
                .setFullPage(true));

        assertThat(shop.tables()).isEqualTo(tables);
        assertThat(shop.tree()).isEqualTo(tree);
        page.navigate(base + "/console/environments/acme.shop/restore/check?artifact=" + artifact);
        PlaywrightAssertions.assertThat(page.getByText("was restored here before"))
                .isVisible();
        PlaywrightAssertions.assertThat(page.getByText("as 1 earlier restore took"))
                .isVisible();
    }

    @Test
    void the_keyboard_alone_reaches_everything() {
        Page page = loggedIn(1280, ColorScheme.LIGHT);
        page.keyboard().press("Tab");
        PlaywrightAssertions.assertThat(page.locator(":focus")).hasText("Skip to content");
        page.keyboard().press("Enter");
        page.keyboard().press("Tab");
        PlaywrightAssertions.assertThat(page.locator(":focus")).hasText("lab");
        page.keyboard().press("Enter");
        PlaywrightAssertions.assertThat(page.locator("h1")).containsText("acme/lab");
    }

    @Test
    void no_answer_and_no_file_holds_a_secret() throws IOException, InterruptedException {
        String code = loginLink().replaceFirst(".*#", "");
        String token = token("restorer");
        Page page = open(1280, ColorScheme.LIGHT, true);
        page.navigate(base + "/console");
        page.getByLabel("Login code or API token").fill(token);
        offers(page, "Log in").click();
        page.waitForURL(base + "/console");
        String session = page.context().cookies().getFirst().value;
        var secrets = new ArrayList<>(Installation.CANARIES.values());
        secrets.addAll(List.of("canary-site-9b4c", code, token, session));

        var told = new ArrayList<String>();
        try (HttpClient http = HttpClient.newHttpClient()) {
            var paths = new ArrayList<>(List.of(
                    "/api/v1/environments",
                    "/api/v1/runs",
                    "/api/v1/artifacts",
                    "/api/v1/artifacts/" + artifact,
                    "/api/v1/displaced",
                    "/api/v1/doctor",
                    "/api/v1/tokens",
                    "/api/v1/members",
                    "/backup/health",
                    "/q/health",
                    "/q/openapi",
                    "/console/settings",
                    "/console/account",
                    "/console/access",
                    "/console/access/decisions"));
            for (JsonNode run : Json.mapper().readTree(answer(http, "/api/v1/runs"))) {
                String at = "/api/v1/runs/" + run.path("run_id").asText();
                paths.addAll(List.of(at, at + "/events", at + "/events/stream"));
                for (JsonNode file : Json.mapper().readTree(answer(http, at + "/evidence"))) {
                    paths.add(at + "/evidence/" + file.path("name").asText());
                }
            }
            for (String path : paths) {
                String text = answer(http, path);
                secrets.stream().filter(text::contains).forEach(secret -> told.add(secret + " by " + path));
            }
            assertThat(paths).hasSizeGreaterThan(40);
        }
        // what the state's tables hold, RolesTest looks at
        for (String where : List.of("data/artifacts", "data/logs", "docs")) {
            try (var tree = Files.walk(folder.resolve(where))) {
                for (Path file : tree.filter(Files::isRegularFile).toList()) {
                    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                    secrets.stream().filter(text::contains).forEach(secret -> told.add(secret + " in " + file));
                }
            }
        }
        assertThat(told).isEmpty();
    }

    private static String answer(HttpClient http, String path) throws IOException, InterruptedException {
        String own = Json.mapper()
                .readTree(Files.readString(folder.resolve("data/endpoint")))
                .path("token")
                .asText();
        return http.send(
                        HttpRequest.newBuilder(URI.create(base + path))
                                .timeout(Duration.ofMinutes(1))
                                .header("Authorization", "Bearer " + own)
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
