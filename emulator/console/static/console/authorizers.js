import { h, fill } from './dom.js';
export function authorizersView(root) { fill(root, h('p', { class: 'card' }, 'authorizersView')); return {}; }
