'use strict';

console.log('loaded');

let calls = 0;

exports.handler = async (event, context) => {
  calls++;
  switch (event.do) {
    case 'context':
      return { ...context, left: context.getRemainingTimeInMillis() > 5000, trace: process.env._X_AMZN_TRACE_ID };
    case 'print':
      console.log('plain', { n: 1 });
      console.error(new Error('shown').message);
      process.stdout.write('without a line end');
      return null;
    case 'fail':
      throw Object.assign(new TypeError('no'), { code: 'E_NO' });
    case 'exit':
      process.exit(event.n);
    case 'never':
      return new Promise(() => {});
    case 'spin':
      for (;;);
    case 'large':
      return 'x'.repeat(event.n);
    case 'throw later':
      setTimeout(() => {
        throw new RangeError('too late');
      }, 1);
      return new Promise(() => {});
  }
  return { calls, event };
};

// The answer waits for the timer, unless the function says that it need not.
exports.waits = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.waits;
  const answer = { timer: false };
  setTimeout(() => {
    answer.timer = true;
  }, 20);
  callback(null, answer);
};

exports.nested = { deep: { handler: async () => 'deep' } };
exports.notAFunction = 1;
