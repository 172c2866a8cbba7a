import { h, fill } from './dom.js';
export function clockView(root) { fill(root, h('p', { class: 'card' }, 'clockView')); return {}; }
