// Making a request again. gatewayd does it: it has the secrets, the page has not.

import { h, fill, button, field, failure, say } from './dom.js';
import { post, name } from './api.js';
import { masked } from './format.js';
import { store } from './store.js';

// replay makes the request again, with changes, and leads to the new account.
export async function replay(trace, changes, from) {
  if (from) from.disabled = true;
  try {
    const again = await post(`traces/${name(trace.requestId)}/replay`, changes);
    store.add(again);
    store.byID.set(again.requestId, again);
    say(`Replayed: ${again.status} ${again.code}`);
    location.hash = `#/requests/${encodeURIComponent(again.requestId)}`;
  } catch (error) {
    say(error.message);
    throw error;
  } finally {
    if (from) from.disabled = false;
  }
}

const asLines = (map, separator) => Object.entries(map ?? {}).flatMap(([k, values]) => values.map((v) => `${k}${separator}${v}`)).join('\n');

function fromLines(text, separator, what) {
  const map = new Map();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.indexOf(separator);
    if (at < 1) throw new Error(`“${line}” is no ${what}: write Name${separator}value`);
    const key = line.slice(0, at).trim();
    map.set(key, [...(map.get(key) ?? []), separator === ':' ? line.slice(at + 1).trim() : line.slice(at + 1)]);
  }
  return map;
}

// changesOf are the names whose values are others than before; one that is gone is null.
function changesOf(before, after) {
  const changes = {};
  for (const [key, values] of after) {
    if (JSON.stringify(before?.[key]) === JSON.stringify(values)) continue;
    if (values.some(masked)) throw new Error(`The value of ${key} is masked. Write it anew, or leave it as it is: then gatewayd sends what it was.`);
    changes[key] = values;
  }
  for (const key of Object.keys(before ?? {})) {
    if (!after.has(key)) changes[key] = null;
  }
  return changes;
}

const unsent = /^(content-length|transfer-encoding)$/i;

// replayForm edits a request before it is made again.
export function replayForm(trace, done) {
  const request = trace.request;
  const headers = Object.fromEntries(Object.entries(request.multiValueHeaders ?? {}).filter(([k]) => !unsent.test(k)));
  const before = { query: asLines(request.multiValueQueryStringParameters, '='), headers: asLines(headers, ': '), body: request.body ?? '' };
  const method = h('input', { value: request.method, size: '8', spellcheck: 'false', autocomplete: 'off' });
  const path = h('input', { value: request.path, class: 'wide', spellcheck: 'false', autocomplete: 'off' });
  const query = h('textarea', { rows: '2', spellcheck: 'false', value: before.query });
  const head = h('textarea', { rows: Math.min(8, before.headers.split('\n').length + 1), spellcheck: 'false', value: before.headers });
  const body = h('textarea', { rows: '3', spellcheck: 'false', value: before.body });
  const problem = h('div');
  const send = h('button', { type: 'submit', class: 'primary' }, 'Replay with changes');
  const form = h('form', { class: 'edit', 'aria-label': 'Edit and replay' },
    h('div', { class: 'row' }, field('Method', method), field('Path', path)),
    field('Query parameters', query, 'One a line: name=value, not encoded.'),
    field('Headers', head, 'Masked values stay what they were, unless you write others in their place.'),
    field('Body', body, request.isBase64Encoded ? 'It is no text, and shown as base64. Left as it is, it is sent as it was.'
      : masked(before.body) ? 'Secrets in it are masked. Left as it is, it is sent as it was.'
        : !request.bodyKept ? `The body had ${request.bodyBytes} bytes, too many to be kept: what is written here is sent.` : undefined),
    problem,
    h('div', { class: 'actions inline' }, send, button('Cancel', done, { class: 'quiet' })));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    fill(problem);
    try {
      const changes = {
        query: changesOf(request.multiValueQueryStringParameters, fromLines(query.value, '=', 'parameter')),
        headers: changesOf(headers, fromLines(head.value, ':', 'header')),
      };
      if (method.value !== request.method) changes.method = method.value;
      if (path.value !== request.path) changes.path = path.value;
      if (body.value !== before.body || !request.bodyKept) {
        if (masked(body.value)) throw new Error('The body has masked values. Write them anew, or leave the whole body as it is.');
        changes.body = body.value;
      }
      await replay(trace, changes, send);
    } catch (error) {
      fill(problem, failure(error));
    }
  });
  return form;
}
