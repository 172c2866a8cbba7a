// The control API, which the console is a client of and nothing more.

export class APIError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(method, path, body, asText) {
  let response;
  try {
    response = await fetch(`_gatewayd/${path}`, {
      method, cache: 'no-store',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new APIError(0, 'gatewayd does not answer. It may have stopped, or is being started again.');
  }
  const text = await response.text();
  if (asText && response.ok) return text;
  let value;
  try {
    value = text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new APIError(response.status, `gatewayd answered ${response.status} with something that is not JSON`);
  }
  if (!response.ok && !(path === 'reload' && value?.problems)) {
    throw new APIError(response.status, value?.error ?? `gatewayd answered ${response.status}`);
  }
  return value;
}

export const get = (path) => call('GET', path);
export const getText = (path) => call('GET', path, undefined, true);
export const post = (path, body) => call('POST', path, body ?? {});
export const remove = (path) => call('DELETE', path);
export const name = encodeURIComponent;

// authorizerID tells authorizers of one name apart where several APIs are served.
export const authorizerID = (authorizer, api) => (api ? `${authorizer}@${api}` : authorizer);
