"""The Python runtime of gatewayd: it runs a handler that was written for Lambda, with the standard library only.

It asks the Lambda Runtime API for events, one at a time, and reports what the handler returned or raised as AWS's own
runtime does: the same names, the same documents, the same lines in the log.
"""

import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
import types
import uuid

RUNTIME = "/2018-06-01/runtime/"


class Fault(Exception):
    """What the runtime itself has to say, under one of Lambda's own error types."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = "Runtime." + error_type
        self.trace = list(trace)


class RuntimeAPI:
    """A connection to the Runtime API. No proxy applies to it, and it is kept open."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)

    def call(self, method, path, body=None, headers=None):
        self.connection.request(method, RUNTIME + path, body, headers or {})
        response = self.connection.getresponse()
        return response, response.read()

    def next(self):
        return self.call("GET", "invocation/next")

    def answer(self, request_id, body, content_type):
        self.call("POST", "invocation/%s/response" % request_id, body, {"Content-Type": content_type})

    def fail(self, path, document):
        self.call(
            "POST",
            path,
            to_json(document).encode(),
            {
                "Content-Type": "application/vnd.aws.lambda.error+json",
                "Lambda-Runtime-Function-Error-Type": document["errorType"],
            },
        )


class Record:
    """Attributes, None unless given."""

    def __init__(self, names, values=None):
        for name in names:
            setattr(self, name, (values or {}).get(name))


class LambdaContext:
    """The second argument of a handler."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.tenant_id = None
        self.client_context = self._client_context(self._header(headers, "Client-Context"))
        identity = self._header(headers, "Cognito-Identity") or {}
        self.identity = Record(())
        self.identity.cognito_identity_id = identity.get("cognitoIdentityId")
        self.identity.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId")
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    @staticmethod
    def _header(headers, name):
        value = headers["Lambda-Runtime-" + name]
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise Fault(
                "LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name.replace("-", " "), error)
            ) from None

    @staticmethod
    def _client_context(values):
        if values is None:
            return None
        context = Record(("custom", "env", "client"), values)
        if context.client is not None:
            names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
            context.client = Record(names, context.client)
        return context

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


class Encoder(json.JSONEncoder):
    """As AWS's runtime: a Decimal is written as the number that it is, digit for digit."""

    def __init__(self):
        # Python 3.12 was the first of Lambda's that leaves characters beyond ASCII as they are.
        version = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
        super().__init__(ensure_ascii=not version.isdigit() or int(version) < 12)
        self.decimals = {}

    def default(self, value):
        if not isinstance(value, decimal.Decimal):
            return super().default(value)
        if value.is_nan():
            return float("nan")
        placeholder = uuid.uuid4().hex
        self.decimals['"%s"' % placeholder] = str(value)
        return placeholder

    def encode(self, value):
        text = super().encode(value)
        for placeholder, number in self.decimals.items():
            text = text.replace(placeholder, number)
        return text


def to_json(value):
    return Encoder().encode(value)


def encode(answer):
    if isinstance(answer, bytes):
        return answer, "application/unknown"
    try:
        return to_json(answer).encode(), "application/json"
    except Exception as error:
        raise Fault("MarshalError", "Unable to marshal response: %s" % error) from None


def decode(body):
    try:
        return json.loads(body)
    except ValueError as error:
        raise Fault("UnmarshalError", "Unable to unmarshal input: %s" % error) from None


def load(handler):
    """Find the function that the handler setting names: folder/module.function."""
    module_name, dot, function_name = handler.rpartition(".")
    if not dot:
        raise Fault(
            "MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % handler,
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)) from None
    except SyntaxError as error:
        where = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        raise Fault("UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), [where]) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault(
            "HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name)
        ) from None


def describe(error, request_id=""):
    """The document that reports an exception."""
    if isinstance(error, Fault):
        error_type, trace = error.error_type, error.trace
    else:
        frames = traceback.extract_tb(error.__traceback__)
        # The user's part of the stack: what comes before is this file.
        while frames and frames[0].filename == __file__:
            frames.pop(0)
        # Without the columns, for which Python would draw carets.
        plain = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in frames]
        error_type, trace = type(error).__name__, traceback.format_list(plain)
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def print_error(document):
    text = "[ERROR] " + document["errorType"]
    if document["errorMessage"]:
        text += ": " + document["errorMessage"]
    text += "\nTraceback (most recent call last):\n" + "".join(document["stackTrace"])
    sys.stdout.write(text.rstrip("\n") + "\n")


def set_up_output(current):
    # Every write goes out at once, so that nothing is lost when the process is killed.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(write_through=True, errors="backslashreplace")

    class RequestID(logging.Filter):
        def filter(self, record):
            record.aws_request_id = current.request_id
            return True

    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    to_stdout = logging.StreamHandler(sys.stdout)
    to_stdout.setFormatter(formatter)
    to_stdout.addFilter(RequestID())
    logging.getLogger().addHandler(to_stdout)


def serve(api, handler, current):
    while True:
        response, body = api.next()
        if response.status != 200:
            sys.exit("the Runtime API answered %d" % response.status)
        current.request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = response.headers["Lambda-Runtime-Trace-Id"] or ""
        try:
            answer = encode(handler(decode(body), LambdaContext(response.headers)))
        except Exception as error:
            document = describe(error, current.request_id)
            print_error(document)
            api.fail("invocation/%s/error" % current.request_id, document)
        else:
            api.answer(current.request_id, *answer)


def main():
    # The function's folder comes first; this file's, which Python has put there, is nobody's business.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.environ["LAMBDA_TASK_ROOT"], *(entry for entry in sys.path if entry != here)]
    current = types.SimpleNamespace(request_id="")
    set_up_output(current)
    api = RuntimeAPI(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as error:
        document = describe(error)
        print_error(document)
        api.fail("init/error", document)
        sys.exit(1)
    try:
        serve(api, handler, current)
    except (OSError, http.client.HTTPException) as error:
        # gatewayd has gone, or wants this process to go.
        sys.exit("the Runtime API is gone: %s" % error)


if __name__ == "__main__":
    main()
