// The one clock: results expire by it, tokens do, and functions that run in process are told it.

import { h, fill, button, field, failure, say } from './dom.js';
import { get, post } from './api.js';
import { date, seconds } from './format.js';

export function clockView(root) {
  const now = h('p', { class: 'big', id: 'now' }, '…');
  const offset = h('p', { id: 'offset' });
  const problem = h('div');
  let told = null; // what the clock said, and when
  const draw = () => {
    if (!told) return;
    now.textContent = date(told.now + (Date.now() - told.at));
    offset.textContent = told.offset === 0 ? 'The real time.' : `${seconds(Math.abs(told.offset))} ${told.offset > 0 ? 'ahead of' : 'behind'} the real time.`;
  };
  const take = (c) => {
    told = { now: Date.parse(c.now), at: Date.now(), offset: parseFloat(c.offset) };
    fill(problem);
    draw();
  };
  const set = async (asked, done) => {
    try {
      take(await post('clock', asked));
      say(done);
    } catch (error) {
      fill(problem, failure(error));
    }
  };
  const load = () => get('clock').then(take, (error) => fill(problem, failure(error)));
  const jump = h('input', { placeholder: '301s, 5m, -1h30m', spellcheck: 'false', autocomplete: 'off', size: '14', id: 'jump' });
  const form = h('form', { 'aria-label': 'Move the clock' },
    h('div', { class: 'row' }, field('By', jump), h('button', { type: 'submit', class: 'primary' }, 'Move')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    set({ advance: jump.value.trim() }, `The clock moved by ${jump.value.trim()}`);
  });
  fill(root, h('div', { class: 'view' }, h('header', null, h('h2', null, 'Clock')),
    h('section', { class: 'card', 'aria-label': 'Clock' }, now, offset, problem,
      h('div', { class: 'actions' }, ['301s', '1h', '24h'].map((d) => button(`+ ${d}`, () => set({ advance: d }, `The clock moved by ${d}`))),
        button('Back to the real time', () => set({ reset: true }, 'The clock shows the real time'), { id: 'resetclock' })),
      form,
      h('p', { class: 'muted' }, 'Kept results, the issuer’s tokens, throttles, quotas and functions that run in process go by this clock. Functions that are programs of their own keep the real time.'))));
  load();
  const ticking = setInterval(draw, 250);
  const again = setInterval(load, 5000);
  return { destroy() { clearInterval(ticking); clearInterval(again); } };
}
