package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

/** The target. */
public class Greeter implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    @Override
    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        Object name = ((Map<?, ?>) event.get("pathParameters")).get("name");
        if (name.equals("nobody")) {
            throw new IllegalArgumentException("there is nobody to greet"); // the function's error: 502 for the client
        }
        Map<?, ?> caller = (Map<?, ?>) ((Map<?, ?>) event.get("requestContext")).get("authorizer");
        return Map.of("statusCode", 200, "body", "Hello, " + name + ", from " + caller.get("principalId"));
    }
}
