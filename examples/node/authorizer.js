// A TOKEN authorizer for RS256 tokens of an identity provider. It is written as many of 2016 are: not async, and it ends by
// context.succeed or context.fail.
const crypto = require("node:crypto");

const keys = new Map(); // by kid; kept as long as the process

exports.handler = function (event, context) {
  verify(event.authorizationToken).then(
    (claims) => context.succeed(answer(claims, event.methodArn)),
    (cause) => {
      console.log("token refused:", cause.message);
      context.fail("Unauthorized"); // this text, and no other, is a 401
    },
  );
};

async function verify(header) {
  const [, token] = /^Bearer (.+)$/.exec(header) ?? [];
  const [head, claims, signature] = (token ?? "").split(".");
  if (!signature) throw new Error("it is no bearer token");
  const { alg, kid } = decode(head);
  if (alg !== "RS256") throw new Error(`its algorithm is ${alg}`);
  if (!crypto.verify("sha256", Buffer.from(`${head}.${claims}`), await key(kid), Buffer.from(signature, "base64url"))) {
    throw new Error("its signature is wrong");
  }
  const { iss, aud, exp, sub, scope } = decode(claims);
  if (iss !== process.env.TOKEN_ISSUER) throw new Error(`its issuer is ${iss}`);
  if (![aud].flat().includes(process.env.AUDIENCE)) throw new Error(`its audience is ${aud}`);
  if (!(exp > Date.now() / 1000)) throw new Error("it has expired");
  return { sub, scope };
}

async function key(kid) {
  if (!keys.has(kid)) {
    const response = await fetch(process.env.JWKS_URI);
    for (const jwk of (await response.json()).keys) {
      keys.set(jwk.kid, crypto.createPublicKey({ key: jwk, format: "jwk" }));
    }
  }
  if (!keys.has(kid)) throw new Error(`no key ${kid}`);
  return keys.get(kid);
}

function decode(part) {
  return JSON.parse(Buffer.from(part, "base64url"));
}

function answer({ sub, scope }, methodArn) {
  const [api, stage] = methodArn.split("/");
  return {
    principalId: sub,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: `${api}/${stage}/*` }],
    },
    context: scope ? { scope } : {},
  };
}
