"""Handlers for the tests of the Python runtime."""

import datetime
import decimal
import logging
import os
import sys
import threading
import time

print("loaded")

LOG = logging.getLogger()
LOG.setLevel(logging.INFO)

calls = 0


class NotAllowed(Exception):
    pass


def lambda_handler(event, context):
    global calls
    calls += 1
    what = event.get("do")
    if what == "context":
        return {
            "id": context.aws_request_id,
            "arn": context.invoked_function_arn,
            "name": context.function_name,
            "version": context.function_version,
            "memory": context.memory_limit_in_mb,
            "group": context.log_group_name,
            "left": context.get_remaining_time_in_millis() > 5000,
            "client": context.client_context.custom if context.client_context else None,
            "identity": context.identity.cognito_identity_id,
            "trace": os.environ["_X_AMZN_TRACE_ID"],
            "root": sys.path[0] == os.environ["LAMBDA_TASK_ROOT"] == os.getcwd(),
        }
    if what == "print":
        print("plain")
        LOG.info("logged %d", 1)
        print("to stderr", file=sys.stderr)
        print("without a line end", end="")
        return None
    if what == "raise":
        raise NotAllowed("Unauthorized")
    if what == "bare":
        raise Exception("Unauthorized")
    if what == "exit":
        sys.exit(event["n"])
    if what == "crash":
        os._exit(event["n"])
    if what == "spin":
        threading.Thread(target=time.sleep, args=(3600,), daemon=False).start()
        while True:
            pass
    if what == "unencodable":
        return {"when": datetime.datetime(2026, 1, 1)}
    if what == "numbers":
        return {"price": decimal.Decimal("1.10"), "big": decimal.Decimal("12345678901234567890.5"), "é": "ü"}
    if what == "bytes":
        return b"\x00raw"
    if what == "large":
        return "x" * event["n"]
    return {"calls": calls, "event": event}
