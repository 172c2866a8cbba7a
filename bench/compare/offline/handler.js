"use strict";
// What say-hello and jwt-hs256 of gatewayd/handlers do.
const { createHmac, timingSafeEqual } = require("node:crypto");

exports.hello = async () => ({
  statusCode: 200,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify("Hello from Lambda!"),
});

exports.authorizer = async (event) => {
  const [head, payload, signature] = event.authorizationToken.replace(/^Bearer /, "").split(".");
  const want = createHmac("sha256", process.env.SECRET_KEY).update(`${head}.${payload}`).digest();
  const got = Buffer.from(signature || "", "base64url");
  const good = got.length === want.length && timingSafeEqual(got, want);
  return {
    principalId: JSON.parse(Buffer.from(payload, "base64url")).sub,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: good ? "Allow" : "Deny", Resource: event.methodArn.replace(/\/.*/, "/*") }],
    },
  };
};
