// say: one line that is shown for a while and read out, for what a user did and for what must not be missed.

import { h } from './dom.js';

const SHOWN_MS = 6000;
const el = h('div.say', { role: 'status', 'aria-live': 'polite' });
let timer = null;

export function sayStart(root) {
	root.append(el);
}

export function say(text) {
	clearTimeout(timer);
	el.replaceChildren(h('p', text));
	timer = setTimeout(() => el.replaceChildren(), SHOWN_MS);
}
