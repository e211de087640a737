// view_config: the configuration in force, in the shape of its file, without secrets.

import { h, show } from './dom.js';
import * as store from './store.js';
import { read } from './api.js';
import { t } from './texts.js';
import { notice, search } from './parts.js';

const isPlain = (x) => x === null || typeof x !== 'object';
const write = (x) => (x === null ? '–' : typeof x === 'string' ? x : JSON.stringify(x));

// One row for each value: its place in the file, and what it is.
function* rowsOf(value, path) {
	if (isPlain(value)) yield [path, write(value)];
	else if (Array.isArray(value) && value.every(isPlain)) yield [path, value.length === 0 ? '[]' : value.map(write).join(', ')];
	else if (Array.isArray(value)) for (const [i, x] of value.entries()) yield* rowsOf(x, `${path}[${i}]`);
	else {
		const keys = Object.entries(value);
		if (keys.length === 0) yield [path, '{}'];
		for (const [key, x] of keys) yield* rowsOf(x, path === '' ? key : `${path}.${key}`);
	}
}

function section(name, value) {
	const rows = [...rowsOf(value, name)].map(([path, text]) => ({ path, text, el: h('tr', h('th.code', { scope: 'row' }, path), h('td.code', text)) }));
	const el = h('details.thing', { open: rows.length <= 40 }, h('summary', h('h2', name)), h('table', h('tbody', rows.map((r) => r.el))));
	return { el, filter(fits) {
		let any = false;
		for (const r of rows) {
			const on = fits(r.path, r.text);
			show(r.el, on);
			any ||= on;
		}
		show(el, any);
	} };
}

let subs = null;

export const view = {
	id: 'config',
	title: 'config.title',
	mount(root) {
		let parts = [], mounted = true;
		const wrong = notice('bad'), body = h('div.configuration');
		const find = search(t('config.search'), () => parts.forEach((p) => p.filter(find.fits)));
		async function load() {
			try {
				const conf = await read('/api/v1/config');
				if (!mounted) return;
				parts = Object.entries(conf).map(([name, value]) => section(name, value));
				body.replaceChildren(...parts.map((p) => p.el));
				parts.forEach((p) => p.filter(find.fits));
				wrong.set(null);
			} catch (e) {
				wrong.set(e.message);
			}
		}

		root.append(h('h1', t('config.title')), h('p', t('config.text')), h('div.bar', find.el), wrong.el, body);
		subs = store.subscriptions();
		subs.add(() => { mounted = false; });
		subs.on('brain', load);			// now, and by a brain that was started again
		let last = 0;
		subs.on('events', ({ events }) => {
			const reload = events.findLast((e) => e.event === 'reload.done');
			if (last !== 0 && reload && reload.id > last) load();
			last = Math.max(last, reload?.id ?? 1);
		});
	},
	unmount() {
		subs.end();
	},
};
