import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)


def handler(event, context):
    return 1
