package dev.lifeboat.api;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.lifeboat.access.Access;
import dev.lifeboat.access.Action;
import dev.lifeboat.access.CurrentCaller;
import dev.lifeboat.access.Needs;
import dev.lifeboat.environment.EnvironmentId;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.report.AuditReport;
import dev.lifeboat.report.Document;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;

/** The report that an auditor gets. */
@Path("/api/v1/evidence-report")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class EvidenceReportResource {
    private final AuditReport reports;
    private final Access access;
    private final CurrentCaller caller;

    EvidenceReportResource(AuditReport reports, Access access, CurrentCaller caller) {
        this.reports = reports;
        this.access = access;
        this.caller = caller;
    }

    /** In which form a report is given. */
    @Schema(name = "ReportForm")
    public enum Form {
        MD,
        HTML;

        /** The name on the wire. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A report: of which environments, in which form, and its text. */
    @Schema(name = "EvidenceReport")
    public record ReportView(List<String> environments, LocalDate from, LocalDate to, Form format, String document) {}

    @GET
    @Needs(value = Action.VIEW, in = Needs.Where.SOME)
    @Operation(
            operationId = "getEvidenceReport",
            summary = "Reports on a period (whole days, UTC) for an auditor: policy, runs, drills, gaps, controls")
    public ReportView report(
            @Parameter(required = true, schema = @Schema(implementation = LocalDate.class)) @QueryParam("from")
                    String from,
            @Parameter(required = true, schema = @Schema(implementation = LocalDate.class)) @QueryParam("to") String to,
            @Parameter(schema = @Schema(implementation = Form.class)) @QueryParam("format") String format) {
        var period = new AuditReport.Period(day("from", from), day("to", to));
        Form form = form(format);
        List<EnvironmentId> reported = access.environments(caller.get());
        Document document = reports.of(reported, period, Instant.now());
        return new ReportView(
                reported.stream().map(EnvironmentId::toString).toList(),
                period.from(),
                period.to(),
                form,
                switch (form) {
                    case MD -> document.markdown();
                    case HTML -> AuditReport.html(document);
                });
    }

    private static Form form(String text) {
        return Arrays.stream(Form.values())
                .filter(form -> text == null || form.wireName().equals(text))
                .findFirst()
                .orElseThrow(
                        () -> Fault.of(FaultCode.BAD_INPUT, "'" + text + "' is no form of a report", "Use md or html.")
                                .toException());
    }

    private static LocalDate day(String name, String text) {
        try {
            return LocalDate.parse(text == null ? "" : text);
        } catch (DateTimeParseException e) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            "'" + name + "' is no day: " + text,
                            "Write it as 2026-03-31; both from and to are wanted.")
                    .toException(e);
        }
    }
}
