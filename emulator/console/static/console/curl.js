// Requests and events to use elsewhere. A secret is a variable there: the page does not have it.

import { masked } from './format.js';

const quote = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;

// word is a word of a shell command, of text that is itself and of variables.
function word(pieces) {
  let out = '';
  let text = '';
  const end = () => { if (text !== '') out += quote(text); text = ''; };
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    else { end(); out += `"$${piece.variable}"`; }
  }
  end();
  return out;
}

// Headers that curl writes itself, or that came with the way to here.
const own = new Set(['content-length', 'transfer-encoding', 'connection', 'host', 'accept-encoding', 'expect', 'x-amzn-requestid']);

// curl is the command that makes a request again.
export function curl(trace) {
  const request = trace.request;
  const used = new Set();
  const variable = (name) => {
    let text = used.size === 0 ? 'TOKEN' : name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^(\d)/, '_$1').toUpperCase();
    while (used.has(text)) text += '_';
    used.add(text);
    return { variable: text };
  };
  // Headers first: it is them that $TOKEN is for.
  const headers = [];
  for (const [name, values] of Object.entries(request.multiValueHeaders ?? {})) {
    if (own.has(name.toLowerCase())) continue;
    for (const value of values) {
      const scheme = name.toLowerCase() === 'authorization' && request.scheme ? `${request.scheme} ` : '';
      if (masked(value)) headers.push(`-H ${word([`${name}: ${scheme}`, variable(name)])}`);
      else headers.push(`-H ${word([value === '' ? `${name};` : `${name}: ${value}`])}`);
    }
  }
  const url = [`http://${request.host}${request.path}`];
  for (const [name, values] of Object.entries(request.multiValueQueryStringParameters ?? {})) {
    for (const value of values) {
      url.push(`${url.length === 1 ? '?' : '&'}${encodeURIComponent(name)}=`, masked(value) ? variable(name) : encodeURIComponent(value));
    }
  }
  const parts = [`curl -i -g --path-as-is -X ${quote(request.method)} ${word(url)}`, ...headers];
  if (request.body !== undefined && !request.isBase64Encoded) parts.push(`--data-raw ${quote(request.body)}`);
  return parts.join(' \\\n  ');
}

// withVariables is a copy of an event with $TOKEN in place of what is masked.
export function withVariables(value) {
  if (masked(value)) return '$TOKEN';
  if (Array.isArray(value)) return value.map(withVariables);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withVariables(v)]));
  return value;
}
