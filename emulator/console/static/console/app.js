// The console: which view is shown, and what all of them have in common.

import { h, fill, setText, link } from './dom.js';
import { store } from './store.js';
import { requestsView } from './requests.js';
import { routesView } from './routes.js';
import { authorizersView } from './authorizers.js';
import { tokensView } from './tokens.js';
import { clockView } from './clockview.js';
import { fileView } from './routefile.js';

const views = [
  ['requests', 'Requests', requestsView], ['routes', 'Routes', routesView], ['authorizers', 'Authorizers', authorizersView],
  ['tokens', 'Tokens', tokensView], ['clock', 'Clock', clockView], ['file', 'Route file', fileView],
];

const main = document.getElementById('main');
const nav = document.getElementById('nav');
let shown = null; // {name, view}

fill(nav, views.map(([name, label]) => link(`#/${name}`, label)));

function route() {
  const parts = location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decode);
  const name = parts[0] === 'compare' ? 'requests' : parts[0] ?? 'requests';
  const found = views.find(([n]) => n === name);
  if (!found) {
    location.replace('#/requests');
    return;
  }
  if (shown?.name !== name) {
    shown?.view.destroy?.();
    main.className = name;
    shown = { name, view: found[2](main) };
    document.title = `${found[1]} · gatewayd console`;
    for (const a of nav.children) {
      if (a.hash === `#/${name}`) a.setAttribute('aria-current', 'page');
      else a.removeAttribute('aria-current');
    }
  }
  shown.view.open?.(parts.length > 0 ? parts : [name]);
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

window.addEventListener('hashchange', route);

// Keys, but where somebody writes.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const writing = event.target.matches('input, textarea, select');
  if (writing) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  // Those with a meaning of their own keep it.
  if (event.target.matches('button, a, summary, pre') && ['Enter', 'ArrowDown', 'ArrowUp', 'Home', 'End', 'PageDown', 'PageUp'].includes(event.key)) return;
  if (event.target.closest?.('.detail') && event.key.length > 1 && event.key !== 'Escape') return;
  const action = event.key === '?' ? showHelp : shown?.view.keys?.[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

const shortcuts = [
  ['j, ↓', 'next request'], ['k, ↑', 'previous request'], ['Enter', 'open the account of a request'], ['Esc', 'close it; then show every request'],
  ['/', 'search'], ['p', 'pause, or go on'], ['r', 'replay the open request'], ['c', 'compare: mark one request, then another'], ['?', 'this list'],
];

function showHelp() {
  const dialog = h('dialog', { 'aria-labelledby': 'helptitle' },
    h('h2', { id: 'helptitle' }, 'Keyboard shortcuts'),
    h('dl', { class: 'keys' }, shortcuts.map(([keys, what]) => h('div', null, h('dt', null, h('kbd', null, keys)), h('dd', null, what)))),
    h('form', { method: 'dialog' }, h('button', { class: 'primary' }, 'Close')));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.querySelector('form').addEventListener('submit', (event) => { event.preventDefault(); dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}
document.getElementById('help').addEventListener('click', showHelp);

// The theme is the system's, unless one was chosen.
const themes = ['auto', 'light', 'dark'];
const themeButton = document.getElementById('theme');
let theme = themes.includes(localStorage.getItem('theme')) ? localStorage.getItem('theme') : 'auto';
function setTheme(next) {
  theme = next;
  localStorage.setItem('theme', theme);
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  setText(themeButton, `Theme: ${theme}`);
}
themeButton.addEventListener('click', () => setTheme(themes[(themes.indexOf(theme) + 1) % themes.length]));
setTheme(theme);

const connection = document.getElementById('connection');
store.addEventListener('state', () => {
  connection.className = `connection ${store.state}`;
  setText(connection, { connecting: 'Connecting…', open: 'Live', lost: 'Disconnected' }[store.state]);
});
store.addEventListener('health', () => {
  const { api, stage, stale } = store.health;
  setText(document.getElementById('api'), [api, stage].filter(Boolean).join(' / '));
  const file = [...nav.children].find((a) => a.hash === '#/file');
  file.classList.toggle('alert', stale);
  setText(file, stale ? 'Route file: problems' : 'Route file');
});
setInterval(() => { if (!document.hidden) store.poll(); }, 3000);

route();
store.connect();
