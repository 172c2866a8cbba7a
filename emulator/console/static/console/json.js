// JSON and other long text, colored and folded.

import { h, button, copy } from './dom.js';

const lines = 14; // that show before it is unfolded
const longest = 400; // characters of a text that show

// json shows a value as it would be written.
export function json(value, { label = 'JSON', mark } = {}) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  if (text === undefined) return h('p', { class: 'muted' }, 'nothing');
  return folded(text, label, typeof value === 'string' ? (line) => [line] : (line) => colored(line), mark);
}

// parsed is the value of a text that is JSON, else the text.
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const plain = (text, label) => folded(text, label, (line) => [line]);

function folded(text, label, color, mark = () => '') {
  const all = text.replace(/\n$/, '').split('\n');
  const body = h('pre', { class: 'code', tabindex: '0', role: 'region', 'aria-label': label });
  const show = (count) => {
    body.replaceChildren(...all.slice(0, count).map((line) => {
      const kind = mark(line);
      return h('span', { class: kind ? `line ${kind}` : 'line' }, long(line, color), '\n');
    }));
  };
  const few = all.length > lines + 3 ? lines : all.length;
  show(few);
  const box = h('div', { class: 'folded' }, body);
  if (few < all.length) {
    const toggle = button(`Show all ${all.length} lines`, () => {
      const open = toggle.getAttribute('aria-expanded') === 'true';
      toggle.setAttribute('aria-expanded', String(!open));
      toggle.textContent = open ? `Show all ${all.length} lines` : 'Show fewer';
      show(open ? few : all.length);
    }, { class: 'quiet unfold', 'aria-expanded': 'false' });
    box.append(toggle);
  }
  box.append(button('Copy', () => copy(text, label), { class: 'quiet copy', 'aria-label': `Copy ${label}` }));
  return box;
}

// long folds a line that is too long by itself.
function long(line, color) {
  if (line.length <= longest) return color(line);
  const rest = h('span', { hidden: true }, line.slice(longest));
  const more = button(`… ${line.length - longest} more characters`, () => {
    rest.hidden = false;
    more.remove();
  }, { class: 'quiet more' });
  return [color(line.slice(0, longest)), rest, more];
}

// value is a single value that may be long.
export function value(text, properties) {
  text = String(text);
  return h('code', { class: 'value', ...properties }, long(text, (t) => [t]));
}

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/g;

function colored(line) {
  const out = [];
  let end = 0;
  for (const match of line.matchAll(token)) {
    out.push(line.slice(end, match.index));
    end = match.index + match[0].length;
    const kind = match[1] ? (match[2] ? 'k' : 's') : match[3] ? 'b' : 'n';
    out.push(h('span', { class: kind }, match[1] ?? match[0]), match[2] ?? '');
  }
  out.push(line.slice(end));
  return out;
}
