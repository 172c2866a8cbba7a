// The Node.js runtime of gatewayd: it runs a handler that was written for Lambda, with nothing but Node.js itself.
//
// It asks the Lambda Runtime API for events, one at a time, and reports what became of them as AWS's own runtime does,
// whether the handler is async, takes a callback or uses context.succeed, context.fail and context.done.

import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';

const require = createRequire(import.meta.url);

// Kept, because user code may replace them, for a tracer or a mock.
const { request: httpRequest } = http;
const { setImmediate, process } = globalThis;
const { stringify, parse } = JSON;

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });

let requestId; // of the invocation that runs, or ran last
let running = false; // whether an invocation waits for its answer
let initialized = false;
let whenIdle; // what to do when the event loop has nothing left to do

// call sends a request to the Runtime API. Without an answer gatewayd has gone, and so does this process.
function call(method, resource, body, headers = {}) {
  return new Promise((resolve) => {
    const options = { hostname, port, agent, method, headers, path: `/2018-06-01/runtime/${resource}` };
    const gone = () => process.exit(1);
    const outgoing = httpRequest(options, (incoming) => {
      const chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', gone);
      incoming.on('end', () => {
        const { statusCode, headers } = incoming;
        resolve({ statusCode, headers, body: Buffer.concat(chunks) });
      });
    });
    outgoing.on('error', gone);
    outgoing.end(body);
  });
}

class RuntimeError extends Error {
  constructor(type, message) {
    super(message);
    this.name = `Runtime.${type}`;
  }
}

// describe makes the document that reports an error, which need not be an Error.
function describe(error) {
  try {
    const text = (value) => typeof value === 'string' && value !== '';
    if (util.types.isNativeError(error) || (text(error?.name) && text(error.message) && text(error.stack))) {
      return { errorType: error.name, errorMessage: error.message, trace: error.stack.split('\n') };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

function reportError(resource, error) {
  const document = describe(error);
  return call('POST', resource, stringify(document), {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Function-Error-Type': encodeURI(String(document.errorType)),
  });
}

// printError writes an error with whatever the user has added to it.
function printError(what, error) {
  const plain = (_, value) =>
    value instanceof Error
      ? {
          errorType: value.name,
          errorMessage: value.message,
          code: value.code,
          ...value,
          stack: typeof value.stack === 'string' ? value.stack.split('\n') : undefined,
        }
      : value;
  const whole = error instanceof Error ? error : new Error(error);
  let text;
  try {
    text = stringify(whole, plain);
  } catch {
    text = stringify(describe(error));
  }
  console.error(what, `\t${text}`);
}

function setUpConsole() {
  const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };
  const order = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
  const lowest = order.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase());
  for (const [method, level] of Object.entries(levels)) {
    const shown = order.indexOf(level) >= lowest;
    console[method] = (...values) => {
      if (shown) {
        process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${util.format(...values)}\n`);
      }
    };
  }
}

// isModule tells whether a .js file of the folder is an ECMAScript module: as Node.js does, by the nearest package.json.
function isModule(folder) {
  if (path.basename(folder) === 'node_modules') {
    return false;
  }
  try {
    return parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
  } catch (error) {
    const parent = path.dirname(folder);
    return error.code === 'ENOENT' && parent !== folder && isModule(parent);
  }
}

async function loadModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  const asModule = isModule(path.dirname(file));
  for (const [extension, isESM] of [
    ['', false],
    ['.js', asModule],
    ['.mjs', true],
    ['.cjs', false],
  ]) {
    if (fs.statSync(file + extension, { throwIfNoEntry: false })?.isFile()) {
      return isESM ? import(pathToFileURL(file + extension)) : require(file + extension);
    }
  }
  // A package, from the function's node_modules.
  return require(require.resolve(name, { paths: [root, path.resolve(root, folder)] }));
}

// load finds the function that the handler setting names: folder/module.function, or folder/module.object.function.
async function load(root, handler) {
  if (handler.includes('..')) {
    throw new RuntimeError(
      'MalformedHandlerName',
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(handler);
  const dot = base.indexOf('.');
  if (dot < 0) {
    throw new RuntimeError('MalformedHandlerName', 'Bad handler');
  }
  let found;
  try {
    found = await loadModule(root, path.dirname(handler), base.slice(0, dot));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RuntimeError('UserCodeSyntaxError', String(error));
    }
    if (error?.code === 'MODULE_NOT_FOUND') {
      throw new RuntimeError('ImportModuleError', String(error));
    }
    throw error;
  }
  for (const key of base.slice(dot + 1).split('.')) {
    found = found?.[key];
  }
  if (!found) {
    throw new RuntimeError('HandlerNotFound', `${handler} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw new RuntimeError('HandlerNotFound', `${handler} is not a function`);
  }
  return found;
}

function newContext(headers) {
  const json = (name) => (headers[name] ? parse(headers[name]) : undefined);
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: json('lambda-runtime-client-context'),
    identity: json('lambda-runtime-cognito-identity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// outcomes are the ways for a handler to end its invocation. Only the first that it takes counts.
function outcomes(id, context) {
  let waits = true;
  let finished = false;
  const done = () => {
    running = false;
    setImmediate(next);
  };
  const fail = (error) => {
    printError('Invoke Error', error);
    reportError(`invocation/${id}/error`, error).then(done);
  };
  const respond = (answer) => {
    let body;
    try {
      body = stringify(answer === undefined ? null : answer);
    } catch {
      return fail(new Error('Unable to stringify response body'));
    }
    return call('POST', `invocation/${id}/response`, body, { 'Content-Type': 'application/json' }).then(done);
  };
  const first = (outcome) => (...values) => {
    if (!finished) {
      finished = true;
      whenIdle = undefined;
      outcome(...values);
    }
  };
  const given = (error) => error !== undefined && error !== null;
  const finish = (error, answer) => (given(error) ? fail(error) : respond(answer));

  Object.defineProperty(context, 'callbackWaitsForEmptyEventLoop', {
    enumerable: true,
    get: () => waits,
    set: (value) => {
      waits = value;
    },
  });
  context.succeed = first((answer) => finish(null, answer));
  context.fail = first((error) => finish(given(error) ? error : 'handled'));
  context.done = first(finish);
  const callback = first((error, answer) => {
    if (given(error) || !waits) {
      finish(error, answer);
    } else {
      whenIdle = () => respond(answer);
    }
  });
  const forgotten = first((handler) => {
    if (handler.constructor?.name !== 'AsyncFunction') {
      return respond(null);
    }
    return fail(
      new RuntimeError(
        'NodeJsExit',
        'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
      ),
    );
  });
  return { callback, forgotten };
}

let handler;

async function next() {
  const { statusCode, headers, body } = await call('GET', 'invocation/next');
  if (statusCode !== 200) {
    process.stderr.write(`the Runtime API answered ${statusCode}\n`);
    process.exit(1);
  }
  requestId = headers['lambda-runtime-aws-request-id'];
  running = true;
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';

  const context = newContext(headers);
  const { callback, forgotten } = outcomes(requestId, context);
  whenIdle = () => forgotten(handler);
  try {
    const result = handler(parse(body), context, callback);
    if (typeof result?.then === 'function') {
      result.then(context.succeed, context.fail).catch?.(context.fail);
    }
  } catch (error) {
    callback(error);
  }
}

// abort reports an error that nobody caught, to whom it concerns, and ends the process.
async function abort(what, error, status) {
  printError(what, error);
  if (running) {
    await reportError(`invocation/${requestId}/error`, error);
  } else if (!initialized) {
    await reportError('init/error', error);
  }
  process.exit(status);
}

setUpConsole();
process.on('uncaughtException', (error) => abort('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason) =>
  abort('Unhandled Promise Rejection', new RuntimeError('UnhandledPromiseRejection', String(reason)), 128),
);
process.on('beforeExit', () => {
  if (whenIdle) {
    setImmediate(whenIdle);
    whenIdle = undefined;
  }
});

try {
  handler = await load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  initialized = true;
  next();
} catch (error) {
  await abort('Uncaught Exception', error, 129);
}
