import app


def fn(event, context):
    return app.__name__
