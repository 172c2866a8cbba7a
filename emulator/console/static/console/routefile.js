import { h, fill } from './dom.js';
export function fileView(root) { fill(root, h('p', { class: 'card' }, 'fileView')); return {}; }
