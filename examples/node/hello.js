// The target, with a callback. An async function that returns its answer does as well.
exports.handler = (event, context, callback) => {
  const { name = "world" } = event.queryStringParameters ?? {};
  if (name === "nobody") {
    callback(new Error("there is nobody to greet")); // the function's error: 502 for the client
    return;
  }
  callback(null, {
    statusCode: 200,
    body: JSON.stringify({ greeting: `${process.env.GREETING}, ${name}`, from: event.requestContext?.authorizer?.principalId }),
  });
};
