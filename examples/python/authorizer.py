"""A TOKEN authorizer for HS256 tokens: a valid one allows every method of the stage, any other denies them all."""

import base64
import hashlib
import hmac
import json
import os
import time


def lambda_handler(event, context):
    token = event["authorizationToken"].removeprefix("Bearer ")
    try:
        claims = verify(token, os.environ["SECRET_KEY"].encode())
    except ValueError as cause:
        print("token refused:", cause)
        return answer("nobody", "Deny", event["methodArn"])
    return answer(claims["sub"], "Allow", event["methodArn"], scope=claims.get("scope", ""))


def verify(token, key):
    """Returns the claims of a token that is signed with the key and has not expired."""
    try:
        header, claims, signature = token.split(".")
        algorithm = json.loads(decode(header))["alg"]
        given, values = decode(signature), json.loads(decode(claims))
    except (ValueError, KeyError, TypeError) as cause:
        raise ValueError("it is no JSON Web Token") from cause
    if algorithm != "HS256":  # never what the token says: it could say none
        raise ValueError(f"its algorithm is {algorithm}")
    expected = hmac.digest(key, f"{header}.{claims}".encode(), hashlib.sha256)
    if not hmac.compare_digest(given, expected):
        raise ValueError("its signature is wrong")
    if values.get("exp", 0) < time.time():
        raise ValueError("it has expired")
    if "sub" not in values:
        raise ValueError("it has no sub")
    return values


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def answer(principal, effect, method_arn, **attributes):
    api, stage = method_arn.split("/")[:2]
    return {
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api}/{stage}/*"}],
        },
        "context": attributes,
    }
