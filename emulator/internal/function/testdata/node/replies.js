'use strict';

// One way to end an invocation for each row of runtime-replies.jsonl.
class Foo extends Error {
  constructor(message) {
    super(message);
    this.name = 'Foo';
  }
}

const ways = {
  cb_string: (context, callback) => callback('Unauthorized'),
  cb_string_null: (context, callback) => callback('Unauthorized', null),
  cb_error: (context, callback) => callback(new Error('Unauthorized')),
  ctx_fail: (context) => context.fail('Unauthorized'),
  ctx_fail_err: (context) => context.fail(new Error('Unauthorized')),
  ctx_done: (context) => context.done('Unauthorized'),
  ctx_succeed: (context) => context.succeed({ a: 1 }),
  throw_err: () => {
    throw new Error('Unauthorized');
  },
  throw_str: () => {
    throw 'Unauthorized';
  },
  throw_custom: () => {
    throw new Foo('Unauthorized');
  },
  throw_lower: () => {
    throw new Error('unauthorized');
  },
  throw_num: () => {
    throw 42;
  },
  throw_undefined: () => {
    throw undefined;
  },
  async_reject_str: async () => {
    throw 'Unauthorized';
  },
  async_reject_undef: async () => {
    throw undefined;
  },
  async_ctx_fail: async (context) => {
    context.fail('Unauthorized');
  },
  ret_undefined_async: async () => {},
  ret_undefined_sync: () => {},
  cb_null: (context, callback) => callback(null),
  ret_string: async () => 'hello',
  ret_circular: async () => {
    const circle = {};
    circle.self = circle;
    return circle;
  },
  ret_bigint: async () => ({ n: 10n }),
  ret_nan: async () => ({ a: NaN, u: undefined, d: new Date(0) }),
  cb_twice: (context, callback) => {
    callback(null, { n: 1 });
    callback(null, { n: 2 });
  },
  unhandled: () => {
    setTimeout(() => Promise.reject(new Error('late')), 5);
  },
};

exports.handler = (event, context, callback) => ways[event.k](context, callback);
