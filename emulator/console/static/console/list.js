// A list of any length of which only what can be seen is there. New items come in on top; unless the reader is at the top,
// what the reader sees stays where it is.

import { h } from './dom.js';

const beyond = 8; // rows outside the view, so that scrolling does not flicker

export class VirtualList {
  #rows = [];
  #frame = 0;
  #active = null; // the item, not its place

  // row makes a row, show fills it with an item, open is told which item was chosen.
  constructor({ label, row, show, open, move }) {
    this.items = []; // the last one is on top
    this.row = row;
    this.show = show;
    this.open = open;
    this.move = move;
    this.space = h('div', { class: 'space', role: 'presentation' });
    this.element = h('div', { class: 'list', role: 'listbox', tabindex: '0', 'aria-label': label }, this.space);
    this.element.addEventListener('scroll', () => this.#schedule(), { passive: true });
    // With the press, before something new can move the row away from under the pointer.
    this.element.addEventListener('mousedown', (event) => {
      const row = event.target.closest('[role=option]');
      if (event.button !== 0 || !row) return;
      this.#setActive(row.item);
      this.open(row.item);
    });
    // What presses without a pointer, such as a screen reader.
    this.element.addEventListener('click', (event) => {
      const row = event.target.closest('[role=option]');
      if (event.detail === 0 && row) {
        this.#setActive(row.item);
        this.open(row.item);
      }
    });
    this.#observer = new ResizeObserver(() => this.#measure());
    this.#observer.observe(this.element);
  }

  #observer;
  #height = 28;

  #measure() {
    this.#height = parseFloat(getComputedStyle(this.element).getPropertyValue('--row')) || 28;
    this.#schedule();
  }

  destroy() {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  get length() { return this.items.length; }
  at(index) { return this.items[this.items.length - 1 - index]; }
  indexOf(item) {
    const at = this.items.lastIndexOf(item);
    return at < 0 ? -1 : this.items.length - 1 - at;
  }

  // set takes the items, of which so many on top are new.
  set(items, added) {
    this.items = items;
    this.space.style.height = `${items.length * this.#height}px`;
    if (added > 0 && this.element.scrollTop >= this.#height / 2) {
      this.element.scrollTop += added * this.#height;
    }
    this.#schedule();
  }

  get atTop() { return this.element.scrollTop < this.#height / 2; }
  top() { this.element.scrollTop = 0; }

  get active() { return this.#active; }

  #setActive(item) {
    this.#active = item;
    this.#schedule();
  }

  // select makes an item the active one, and brings it into view.
  select(item) {
    this.#setActive(item);
    const index = this.indexOf(item);
    if (index < 0) return;
    const top = index * this.#height;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + this.#height > this.element.scrollTop + this.element.clientHeight) {
      this.element.scrollTop = top + this.#height - this.element.clientHeight;
    }
  }

  // step goes so many items down.
  step(by) {
    if (this.items.length === 0) return;
    const from = this.#active ? this.indexOf(this.#active) : -1;
    const to = from < 0 ? 0 : Math.max(0, Math.min(this.items.length - 1, from + by));
    this.select(this.at(to));
    this.move?.(this.#active);
  }

  page() { return Math.max(1, Math.floor(this.element.clientHeight / this.#height) - 1); }

  refresh() { this.#schedule(); }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  #render() {
    const total = this.items.length;
    this.space.style.height = `${total * this.#height}px`;
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.#height) - beyond);
    const last = Math.min(total, Math.ceil((this.element.scrollTop + this.element.clientHeight) / this.#height) + beyond);
    const count = Math.max(0, last - first);
    while (this.#rows.length < count) {
      const row = this.row();
      row.id = `row${this.#rows.length}`;
      row.setAttribute('role', 'option');
      this.#rows.push(row);
      this.space.append(row);
    }
    let active = '';
    this.#rows.forEach((row, i) => {
      row.hidden = i >= count;
      if (row.hidden) { row.item = undefined; return; }
      const item = this.at(first + i);
      if (row.item !== item) {
        row.item = item;
        this.show(row, item);
      }
      row.style.transform = `translateY(${(first + i) * this.#height}px)`;
      row.setAttribute('aria-posinset', first + i + 1);
      row.setAttribute('aria-setsize', total);
      row.setAttribute('aria-selected', item === this.#active);
      if (item === this.#active) active = row.id;
    });
    if (active) this.element.setAttribute('aria-activedescendant', active);
    else this.element.removeAttribute('aria-activedescendant');
  }
}
