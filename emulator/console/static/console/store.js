// The traces that the page knows: of the running gatewayd, or of a session that was saved.

import { get } from './api.js';
import { authorizerOf, principalOf } from './format.js';

// The page keeps more than gatewayd does, and forgets the oldest in one go.
const most = 10000;
const forgotten = 1000;

const key = (trace) => `${trace.requestId} ${trace.time}`;

export class Store extends EventTarget {
  traces = []; // the oldest first
  byID = new Map();
  state = 'connecting'; // connecting, open, lost
  loaded = false;
  error = null;
  paused = false;
  waiting = []; // while paused
  dropped = 0;
  session = null; // {name, savedAt} when traces are a file's
  health = null;
  #known = new Set();
  #pending = [];
  #flush = 0;
  #stream = null;
  #retry = 500;
  #live = null; // what was shown before a session was opened

  connect() {
    this.#stream?.close();
    const stream = new EventSource('_gatewayd/traces/stream');
    this.#stream = stream;
    let early = []; // what comes before the list of what there was
    stream.onopen = async () => {
      try {
        const list = await get('traces?limit=1000');
        if (this.#stream !== stream) return;
        this.error = null;
        this.loaded = true;
        this.#retry = 500;
        this.#receive(list.reverse().concat(early));
        early = null;
        this.#become('open');
        this.poll();
      } catch (error) {
        if (this.#stream === stream) this.#lose(error);
      }
    };
    stream.onmessage = (message) => {
      const trace = JSON.parse(message.data);
      if (early) early.push(trace);
      else this.#queue(trace);
    };
    stream.addEventListener('dropped', (message) => {
      this.dropped += JSON.parse(message.data).dropped;
      this.#change(0);
    });
    stream.onerror = () => { if (this.#stream === stream) this.#lose(null); };
  }

  #lose(error) {
    this.#stream?.close();
    this.#stream = null;
    this.error = error;
    this.#become('lost');
    setTimeout(() => { if (!this.#stream) this.connect(); }, this.#retry);
    this.#retry = Math.min(this.#retry * 1.6, 4000);
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }

  // poll asks how gatewayd is: whether it is there at all, and whether it serves its newest route file.
  async poll() {
    try {
      this.health = await get('health');
      this.dispatchEvent(new Event('health'));
    } catch (error) {
      if (this.#stream) this.#lose(error);
    }
  }

  // add takes in a trace that did not come over the stream, which may still bring it.
  add(trace) {
    this.#receive([trace]);
  }

  #queue(trace) {
    this.#pending.push(trace);
    this.#flush ||= setTimeout(() => {
      this.#flush = 0;
      this.#receive(this.#pending.splice(0));
    }, 40);
  }

  #receive(list) {
    const fresh = [];
    for (const trace of list) {
      if (this.#known.has(key(trace))) continue;
      this.#known.add(key(trace));
      fresh.push(trace);
    }
    if (this.#known.size > 2 * most) {
      this.#known = new Set([...this.#known].slice(-most));
    }
    if (this.session) {
      this.#live.push(...fresh);
      return;
    }
    if (this.paused) {
      this.waiting.push(...fresh);
      for (const trace of fresh) this.byID.set(trace.requestId, trace);
      this.#change(0);
      return;
    }
    this.#append(fresh);
  }

  #append(fresh) {
    for (const trace of fresh) {
      this.traces.push(trace);
      this.byID.set(trace.requestId, trace);
    }
    if (this.traces.length > most) {
      this.traces.splice(0, this.traces.length - most + forgotten);
      this.byID = new Map(this.traces.map((trace) => [trace.requestId, trace]));
      this.#change(-1);
      return;
    }
    this.#change(fresh.length);
  }

  // change tells how many traces came; -1 means that others went.
  #change(added) {
    this.dispatchEvent(new CustomEvent('change', { detail: added }));
  }

  pause(paused) {
    this.paused = paused;
    if (paused) this.#change(0);
    else this.#append(this.waiting.splice(0));
  }

  // clear empties the list. gatewayd keeps its traces.
  clear() {
    this.traces = [];
    this.waiting = [];
    this.byID = new Map();
    this.dropped = 0;
    this.#change(-1);
  }

  open(session, traces) {
    this.#live ??= this.traces.concat(this.waiting);
    this.waiting = [];
    this.session = session;
    this.#replace(traces);
  }

  close() {
    this.session = null;
    this.#replace(this.#live);
    this.#live = null;
  }

  #replace(traces) {
    this.traces = traces;
    this.byID = new Map(traces.map((trace) => [trace.requestId, trace]));
    this.#change(-1);
  }

  // find looks for a trace here, then there.
  async find(id) {
    return this.byID.get(id) ?? get(`traces/${encodeURIComponent(id)}`);
  }
}

export const store = new Store();

// matcher makes a predicate of what the list is narrowed to.
export function matcher({ text = '', status = '', route = '', authorizer = '', code = '' }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (trace) => (!status || (status.endsWith('xx') ? Math.floor(trace.status / 100) === Number(status[0]) : trace.status === Number(status))) &&
    (!route || (trace.route ?? '') === route) &&
    (!authorizer || authorizerOf(trace) === authorizer) &&
    (!code || trace.code === code || trace.code.startsWith(`${code}.`)) &&
    words.every((word) => haystack(trace).includes(word));
}

const haystacks = new WeakMap();

function haystack(trace) {
  let text = haystacks.get(trace);
  if (text === undefined) {
    text = [trace.method, trace.path, trace.status, trace.code, trace.reason, trace.requestId, trace.route, authorizerOf(trace), principalOf(trace)]
      .join(' ').toLowerCase();
    haystacks.set(trace, text);
  }
  return text;
}
