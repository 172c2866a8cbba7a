"""A REQUEST authorizer that allows or denies everything, as blueprints with an AuthPolicy class do."""

import re


class AuthPolicy:
    version = "2012-10-17"

    def __init__(self, principal, method_arn):
        self.principal = principal
        self.resource = "/".join(method_arn.split("/")[:2]) + "/*/*"
        self.effects = []

    def allow_all_methods(self):
        self.effects.append("Allow")

    def deny_all_methods(self):
        self.effects.append("Deny")

    def build(self):
        if not self.effects:
            raise NameError("No statements defined for the policy")
        statements = [
            {"Action": "execute-api:Invoke", "Effect": effect, "Resource": [self.resource]} for effect in self.effects
        ]
        return {"principalId": self.principal, "policyDocument": {"Version": self.version, "Statement": statements}}


def lambda_handler(event, context):
    token = event["headers"].get("Authorization", "")
    if not re.match(r"^Bearer \S+$", token):
        raise Exception("Unauthorized")
    policy = AuthPolicy("user|a1b2", event["methodArn"])
    if token == "Bearer good":
        policy.allow_all_methods()
    else:
        policy.deny_all_methods()
    return policy.build()
