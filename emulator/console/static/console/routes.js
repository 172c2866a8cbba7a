import { h, fill } from './dom.js';
export function routesView(root) { fill(root, h('p', { class: 'card' }, 'routesView')); return {}; }
