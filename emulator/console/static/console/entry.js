// One line of the list of requests.

import { h, setText } from './dom.js';
import { clock, millis, tone, refuses } from './format.js';

export const entry = () => h('div', { class: 'entry' }, ['time', 'status', 'method', 'path', 'note', 'ms'].map((name) => h('span', { class: name })));

// showEntry fills a line, which may have been another request's.
export function showEntry(element, trace, marked) {
  const [time, status, method, path, note, ms] = element.children;
  setText(time, clock(trace.time));
  setText(status, trace.status ? String(trace.status) : '—');
  status.className = `status ${tone(trace.status)}`;
  setText(method, trace.method);
  setText(path, trace.path);
  setText(note, noteOf(trace));
  note.className = refuses(trace.code) ? 'note bad' : 'note';
  setText(ms, millis(trace.ms));
  element.classList.toggle('marked', marked);
}

function noteOf(trace) {
  const outcome = refuses(trace.code) ? trace.code : trace.cache?.state === 'hit' && 'cached';
  return [trace.replayOf && '↻', outcome].filter(Boolean).join(' ');
}
