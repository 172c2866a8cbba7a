// Elements are made here, and nowhere from markup: what a client sent can only become text.

// h makes an element. Children are nodes, text, lists of them, or nothing.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.className = value;
    else if (name === 'value' || name === 'checked' || name === 'open') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

// fill replaces what an element contains.
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

// setText avoids work where nothing changes.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let timer;

// say tells what was done, in a corner and to a screen reader.
export function say(text) {
  const said = document.getElementById('said');
  said.textContent = text;
  said.classList.add('shown');
  clearTimeout(timer);
  timer = setTimeout(() => said.classList.remove('shown'), 4000);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the permission, or on a page that is no secure context: the old way.
    const area = h('textarea', { class: 'offscreen', 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (!done) {
      say(`${what} could not be copied: the browser does not allow it`);
      return;
    }
  }
  say(`${what} copied`);
}

export const button = (label, onclick, properties) => h('button', { type: 'button', onclick, ...properties }, label);

// link leads to a view of the console.
export const link = (hash, ...children) => h('a', { href: hash }, ...children);

export const requestLink = (id, ...children) => link(`#/requests/${encodeURIComponent(id)}`, ...children);

// field is a labeled control.
export function field(label, control, hint) {
  const id = control.id || `f${Math.random().toString(36).slice(2)}`;
  control.id = id;
  return h('div', { class: 'field' }, h('label', { for: id }, label), control, hint && h('p', { class: 'hint' }, hint));
}

export const failure = (error) => h('p', { class: 'state bad', role: 'alert' }, error.message);

export const section = (title, ...children) => h('section', { class: 'part' }, h('h3', null, title), ...children);

// place is where something stands in the route file: its name is enough, the whole path is in the title.
export const place = (source) => h('span', { class: 'muted place', title: source }, source.split(/[\\/]/).at(-1));
