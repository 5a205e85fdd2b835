import com.amazonaws.services.lambda.runtime.Context;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;

/**
 * What AWS Lambda's runtime for Java does with function.zip: it makes the handler once, and hands it one event after the other.
 * Here an event is a line of standard input, and its answer a line of standard output.
 */
public final class LambdaRuntime {
    public static void main(String[] arguments) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        var handler = new io.quarkus.funqy.lambda.FunqyStreamHandler();
        var context = (Context) Proxy.newProxyInstance(
                LambdaRuntime.class.getClassLoader(),
                new Class<?>[] {Context.class},
                (proxy, method, values) -> method.getReturnType() == int.class ? (Object) 0 : null);
        var events = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String event = events.readLine(); event != null; event = events.readLine()) {
            var answer = new ByteArrayOutputStream();
            try {
                handler.handleRequest(
                        new ByteArrayInputStream(event.getBytes(StandardCharsets.UTF_8)), answer, context);
                answers.println("answer " + answer.toString(StandardCharsets.UTF_8).replace("\n", " "));
            } catch (Exception e) {
                answers.println("error " + e);
            }
            answers.flush();
        }
        System.exit(0);
    }
}
