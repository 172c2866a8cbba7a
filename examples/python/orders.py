"""The target: orders of a shop, by number."""

import json
import os

ORDERS = {"1": {"item": "tea", "price": 4.5}, "2": {"item": "cake", "price": 12}}  # loaded once in each process


def lambda_handler(event, context):
    number = event["pathParameters"]["orderId"]
    print("looking for order", number)
    order = ORDERS[number]  # a KeyError is the function's error: 502 for the client
    caller = event["requestContext"]["authorizer"]
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({**order, "currency": os.environ["CURRENCY"], "for": caller["principalId"]}),
    }
