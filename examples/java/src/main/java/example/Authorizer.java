package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.List;
import java.util.Map;

/** A TOKEN authorizer: the token "open sesame" allows every method of the stage, any other is a 401. */
public class Authorizer implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    @Override
    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        if (!"open sesame".equals(event.get("authorizationToken"))) {
            context.getLogger().log("token refused\n");
            throw new RuntimeException("Unauthorized"); // this message, and no other, is a 401
        }
        String[] arn = event.get("methodArn").toString().split("/"); // arn:…:API_ID/STAGE/METHOD/PATH
        Map<String, String> statement = Map.of(
                "Effect", "Allow", "Action", "execute-api:Invoke", "Resource", arn[0] + "/" + arn[1] + "/*");
        return Map.of(
                "principalId", "ali",
                "policyDocument", Map.of("Version", "2012-10-17", "Statement", List.of(statement)));
    }
}
