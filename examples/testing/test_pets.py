import json
import os
import unittest
from urllib.error import HTTPError
from urllib.request import Request, urlopen

API = os.environ.get("API_URL", "http://127.0.0.1:3000/dev")
CONTROL = os.environ.get("GATEWAYD_URL", "http://127.0.0.1:3001") + "/_gatewayd"


def control(path, body=None):
    """Asks the control API; with a body it is a POST."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(CONTROL + path, data)) as response:
        text = response.read().decode()
        return json.loads(text) if "json" in response.headers.get("Content-Type", "") else text


def get(path, token=None):
    """Returns the status and the id of the request."""
    headers = {"Authorization": "Bearer " + token} if token else {}
    try:
        with urlopen(Request(API + path, headers=headers)) as response:
            return response.status, response.headers["x-amzn-RequestId"]
    except HTTPError as refused:
        refused.close()
        return refused.code, refused.headers["x-amzn-RequestId"]


class Pets(unittest.TestCase):
    def setUp(self):
        control("/reset", {})  # no cached results, no traces, the real time
        self.token = control("/tokens", {"sub": "user-1", "expires": "1h"})["token"]

    def want(self, status, code, path, token=None):
        """Fails with the account of the request, which says what to change."""
        got, request_id = get(path, token)
        trace = control("/traces/" + request_id)
        if (got, trace["code"]) != (status, code):
            self.fail(control("/traces/" + request_id + "?format=text"))

    def test_without_a_token(self):
        self.want(401, "identity.missing", "/pets")

    def test_with_an_expired_token(self):
        expired = control("/tokens", {"case": "expired"})["token"]
        self.want(401, "authorizer.unauthorized", "/pets", expired)

    def test_the_cached_policy_is_for_one_method(self):
        self.want(200, "integration.ok", "/pets", self.token)
        self.want(403, "policy.implicit_deny", "/pets/1", self.token)
        control("/clock", {"advance": "301s"})  # past authorizerResultTtlInSeconds
        self.want(200, "integration.ok", "/pets/1", self.token)


if __name__ == "__main__":
    unittest.main()
