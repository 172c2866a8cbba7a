'use strict';

// A TOKEN authorizer as they were written before async functions: a library with a callback, and context.fail.
const verify = (token, done) => {
  setImmediate(() => {
    if (token === 'Bearer good') {
      done(null, { sub: 'auth0|7', scope: 'read' });
    } else {
      done(new Error('invalid signature'));
    }
  });
};

exports.handler = (event, context) => {
  verify(event.authorizationToken, (error, claims) => {
    if (error) {
      console.log(error.message);
      context.fail('Unauthorized');
      return;
    }
    context.succeed({
      principalId: claims.sub,
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: event.methodArn }],
      },
      context: { scope: claims.scope },
    });
  });
};
