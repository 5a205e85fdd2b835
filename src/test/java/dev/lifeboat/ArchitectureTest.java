package dev.lifeboat;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;

/** Which package may know which. */
@AnalyzeClasses(packages = "dev.lifeboat", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String OURS = "dev.lifeboat..";

    @ArchTest
    static final ArchRule packages_form_no_cycle =
            slices().matching("dev.lifeboat.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule fault_progress_and_json_know_nothing_of_ours = classes()
            .that()
            .resideInAnyPackage(of("fault", "progress", "json"))
            .should()
            .onlyDependOnClassesThat(com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage(OURS)
                    .or(com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage(
                            of("fault", "progress", "json"))));

    @ArchTest
    static final ArchRule fault_does_not_know_json_or_progress = never("fault", "json", "progress");

    @ArchTest
    static final ArchRule json_does_not_know_fault_or_progress = never("json", "fault", "progress");

    @ArchTest
    static final ArchRule progress_does_not_know_fault_or_json = never("progress", "fault", "json");

    @ArchTest
    static final ArchRule process_knows_only_fault_of_ours = classes()
            .that()
            .resideInAPackage("dev.lifeboat.process..")
            .should()
            .onlyDependOnClassesThat(com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage(OURS)
                    .or(com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage(
                            of("process", "fault"))));

    @ArchTest
    static final ArchRule the_parts_do_not_know_who_puts_them_together = noClasses()
            .that()
            .resideInAnyPackage(of(
                    "store",
                    "environment",
                    "postgres",
                    "filestore",
                    "evidence",
                    "artifact",
                    "odoo",
                    "run",
                    "step",
                    "preflight",
                    "deployment",
                    "sample"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(of("orchestrator", "functions", "api", "cli", "sidecar", "host"));

    @ArchTest
    static final ArchRule the_sidecar_does_not_know_who_calls_it =
            never("sidecar", "orchestrator", "functions", "api", "cli", "host", "run", "evidence");

    @ArchTest
    static final ArchRule the_orchestrator_does_not_know_its_functions =
            never("orchestrator", "functions", "api", "cli", "host");

    @ArchTest
    static final ArchRule functions_do_not_know_api_and_command_line = never("functions", "api", "cli", "host");

    @ArchTest
    static final ArchRule access_does_not_know_what_it_guards =
            never("access", "orchestrator", "functions", "api", "console", "cli", "host", "sidecar", "preflight");

    @ArchTest
    static final ArchRule the_api_does_not_know_the_command_line = never("api", "cli", "host", "functions", "console");

    @ArchTest
    static final ArchRule the_console_does_not_know_the_command_line = never("console", "cli", "host", "functions");

    @ArchTest
    static final ArchRule nobody_waits_for_a_notice = classes()
            .that()
            .resideInAPackage("dev.lifeboat.notify..")
            .should()
            .onlyBeAccessed()
            .byAnyPackage(of("notify"));

    @ArchTest
    static final ArchRule who_watches_takes_no_part =
            never("monitor", "orchestrator", "functions", "api", "console", "cli", "host", "sidecar");

    @ArchTest
    static final ArchRule a_report_takes_no_part =
            never("report", "orchestrator", "functions", "api", "console", "cli", "host", "sidecar");

    @ArchTest
    static final ArchRule only_the_command_line_uses_the_host = classes()
            .that()
            .resideInAPackage("dev.lifeboat.host..")
            .should()
            .onlyBeAccessed()
            .byAnyPackage(of("host", "cli"));

    @ArchTest
    static final ArchRule nobody_calls_the_command_line = classes()
            .that()
            .resideInAPackage("dev.lifeboat.cli..")
            .should()
            .onlyBeAccessed()
            .byAnyPackage(of("cli"));

    @ArchTest
    static final ArchRule only_the_command_line_makes_samples = classes()
            .that()
            .resideInAPackage("dev.lifeboat.sample..")
            .should()
            .onlyBeAccessed()
            .byAnyPackage(of("sample", "cli"));

    private static ArchRule never(String from, String... to) {
        return noClasses()
                .that()
                .resideInAnyPackage(of(from))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(of(to));
    }

    private static String[] of(String... names) {
        return Stream.of(names).map(name -> "dev.lifeboat." + name + "..").toArray(String[]::new);
    }
}
