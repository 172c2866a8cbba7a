// A session is what the list has, as a file.

import { h, say } from './dom.js';
import { store } from './store.js';

const kind = 'gatewayd session';

export function download() {
  const session = { kind, version: 1, savedAt: new Date().toISOString(), api: store.health?.api, stage: store.health?.stage, traces: store.traces.concat(store.waiting) };
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(session, null, 1)}\n`], { type: 'application/json' }));
  const name = `gatewayd-${session.savedAt.slice(0, 19).replaceAll(':', '')}.json`;
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  say(`${session.traces.length} requests saved as ${name}`);
}

// read takes a file for a session, or says why it is none.
export async function read(file) {
  let session;
  try {
    session = JSON.parse(await file.text());
  } catch {
    throw new Error(`${file.name} is no JSON, so no session that was downloaded here`);
  }
  if (session?.kind !== kind || !Array.isArray(session.traces)) throw new Error(`${file.name} is JSON, but no session that was downloaded here`);
  if (session.version !== 1) throw new Error(`${file.name} is a session of version ${session.version}; this console reads version 1`);
  const traces = session.traces.filter(isTrace);
  if (traces.length < session.traces.length) throw new Error(`${file.name}: ${session.traces.length - traces.length} of its requests cannot be read`);
  store.open({ name: file.name, savedAt: session.savedAt }, traces);
}

const isTrace = (t) => t && typeof t === 'object' && Array.isArray(t.steps) && t.steps.every((s) => s && typeof s.name === 'string' && s.name !== '') &&
  ['requestId', 'time', 'method', 'path', 'code'].every((k) => typeof t[k] === 'string') && typeof t.status === 'number' && typeof t.ms === 'number';
