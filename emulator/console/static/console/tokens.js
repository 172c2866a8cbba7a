import { h, fill } from './dom.js';
export function tokensView(root) { fill(root, h('p', { class: 'card' }, 'tokensView')); return {}; }
