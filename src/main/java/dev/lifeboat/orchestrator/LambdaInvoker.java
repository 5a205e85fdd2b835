package dev.lifeboat.orchestrator;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.json.Json;
import dev.lifeboat.step.StepRequest;
import dev.lifeboat.step.StepResponse;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jboss.logging.Logger;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;

/**
 * Calls functions that AWS Lambda runs, through its Invoke interface (version 2015-03-31), and waits for their answers. Who may is
 * said by the signature, and not by a token.
 */
public final class LambdaInvoker extends RemoteInvoker {
    private static final Logger LOG = Logger.getLogger(LambdaInvoker.class);

    /** The HTTP client of the JDK sets these itself, from the address and the body, as they were signed. */
    private static final Set<String> SET_BY_THE_CLIENT = caseInsensitive("Host", "Content-Length");

    private final URI endpoint;
    private final String region;
    private final String prefix;
    private final AwsCredentialsProvider credentials;
    private final Duration limit;

    /**
     * A caller.
     *
     * @param endpoint where Lambda answers: {@code https://lambda.<region>.amazonaws.com}, or a VPC's own endpoint
     * @param region what the signature is made for
     * @param prefix what the names of the functions there begin with
     * @param credentials who calls; asked for at each call, because they may last an hour only
     * @param limit how long one call may take
     * @param patience how long a function that can't be reached is tried again
     */
    public LambdaInvoker(
            URI endpoint,
            String region,
            String prefix,
            AwsCredentialsProvider credentials,
            Duration limit,
            Duration patience) {
        super(patience);
        this.endpoint = endpoint;
        this.region = region;
        this.prefix = prefix;
        this.credentials = credentials;
        this.limit = limit;
    }

    @Override
    HttpRequest call(String name, StepRequest request) {
        byte[] body = json(request);
        SignedRequest signed = sign(
                SdkHttpRequest.builder()
                        .method(SdkHttpMethod.POST)
                        .uri(address(name))
                        .putHeader("Content-Type", "application/json")
                        .putHeader("X-Amz-Invocation-Type", "RequestResponse")
                        .build(),
                body);
        HttpRequest.Builder call =
                HttpRequest.newBuilder(address(name)).timeout(limit).POST(BodyPublishers.ofByteArray(body));
        for (Map.Entry<String, List<String>> header : signed.request().headers().entrySet()) {
            if (!SET_BY_THE_CLIENT.contains(header.getKey())) {
                header.getValue().forEach(value -> call.header(header.getKey(), value));
            }
        }
        return call.build();
    }

    private SignedRequest sign(SdkHttpRequest request, byte[] body) {
        try {
            return AwsV4HttpSigner.create().sign(signing -> signing.identity(credentials.resolveCredentials())
                    .request(request)
                    .payload(ContentStreamProvider.fromByteArray(body))
                    .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "lambda")
                    .putProperty(AwsV4HttpSigner.REGION_NAME, region));
        } catch (SdkClientException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "no credentials were found to call functions of AWS Lambda with; none was called",
                            "Give this process a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
                    .with("tool_output", String.valueOf(e.getMessage()))
                    .toException(e);
        }
    }

    /**
     * 200 says that the function was called; a header that it ended by an error of its own (an exception, its time-out). Other
     * statuses are Lambda's: 404, 429 and 503 come before the function, and so do all other ones of 4xx.
     */
    @Override
    Try read(String name, HttpResponse<String> response) {
        int status = response.statusCode();
        if (status == 200) {
            return response.headers()
                    .firstValue("X-Amz-Function-Error")
                    .<Try>map(error -> new Try.Unknown(error + ": " + told(response)))
                    .orElseGet(() -> answer(response));
        }
        String why = "Lambda answered " + status + ": " + told(response);
        return switch (status) {
            case 404, 429, 503 -> new Try.NotDelivered(why);
            default ->
                status >= 400 && status < 500
                        ? refused(Fault.of(
                                        FaultCode.BAD_CONFIGURATION,
                                        "AWS Lambda refused to call " + place(name),
                                        "Look at what it says: the role of this process needs lambda:InvokeFunction on it.")
                                .with("last_answer", why))
                        : new Try.Unknown(why);
        };
    }

    @Override
    String place(String name) {
        return prefix + name + " in " + region;
    }

    private static Try answer(HttpResponse<String> response) {
        try {
            return new Try.Answered(Json.mapper().readValue(response.body(), StepResponse.class));
        } catch (JsonProcessingException e) {
            LOG.debugf(e, "no answer of a step");
            return new Try.Unknown("an answer that is not a step's");
        }
    }

    /** Lambda's own words, which may be long: a stack trace stands in them. */
    private static String told(HttpResponse<String> response) {
        try {
            var body = Json.mapper().readTree(response.body());
            String message = body.path("errorMessage")
                    .asText(body.path("Message").asText(body.path("message").asText()));
            return message.isEmpty() ? "no message" : message;
        } catch (JsonProcessingException e) {
            LOG.debugf(e, "no JSON with status %d", response.statusCode());
            return "no message";
        }
    }

    private URI address(String name) {
        return endpoint.resolve("/2015-03-31/functions/" + prefix + name + "/invocations");
    }

    private static byte[] json(StepRequest request) {
        try {
            return Json.mapper().writeValueAsString(request).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON form of a step's request", e);
        }
    }

    private static Set<String> caseInsensitive(String... names) {
        var set = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        set.addAll(List.of(names));
        return set;
    }
}
