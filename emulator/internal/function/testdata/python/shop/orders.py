from . import names


def lambda_handler(event, context):
    return names.NAME
