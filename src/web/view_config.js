// view_config: the configuration in force, in the shape of its file, without secrets.

import { h, show } from './dom.js';
import * as store from './store.js';
import { read } from './api.js';
import { t } from './texts.js';
import { choice, notice, search } from './parts.js';

const isPlain = (x) => x === null || typeof x !== 'object';
const write = (x) => (x === null ? '–' : typeof x === 'string' ? x : JSON.stringify(x));

// One row for each value: its place in the file, what it is, and the path by which the API names it.
function* rowsOf(value, place, path) {
	if (isPlain(value)) yield { place, path, text: write(value) };
	else if (Array.isArray(value) && value.every(isPlain)) yield { place, path, text: value.length === 0 ? '[]' : value.map(write).join(', ') };
	else {
		const inside = Object.entries(value), list = Array.isArray(value);
		if (inside.length === 0) yield { place, path, text: '{}' };
		for (const [key, x] of inside) yield* rowsOf(x, list ? `${place}[${key}]` : `${place}.${key}`, `${path}.${key}`);
	}
}

// A default may be one of a whole section: all below it is one, too.
function isDefault(defaults, path) {
	for (let p = path; p !== ''; p = p.slice(0, Math.max(0, p.lastIndexOf('.')))) if (defaults.has(p)) return true;
	return false;
}

function section(title, keys, defaults) {
	const rows = keys.flatMap(([name, value]) => [...rowsOf(value, name, name)]).map((r) => ({ ...r, own: !isDefault(defaults, r.path) }));
	for (const r of rows)
		r.el = h(r.own ? 'tr.own' : 'tr', h('th.code', { scope: 'row' }, r.place),
			h('td', h('span.code', r.text), r.own ? null : h('span.muted.small', ` ${t('config.default')}`)));
	const el = h('details.thing', { open: rows.length <= 40 }, h('summary', h('h2', title)), h('table', h('tbody', rows.map((r) => r.el))));
	return { el, filter(fits) {
		let any = false;
		for (const r of rows) {
			const on = fits(r);
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
		let which = 'all';
		const filter = () => parts.forEach((p) => p.filter((r) => (which === 'all' || r.own) && find.fits(r.place, r.text)));
		const find = search(t('config.search'), filter);
		let shown = null;		// what is there stays while it is the same: with new elements the focus would be lost
		const own = choice(t('show'), ['all', 'own'].map((k) => [k, t(`config.show.${k}`)]), (value) => {
			which = value;
			filter();
		});
		async function load() {
			try {
				const { config, defaults } = await read('/api/v1/config/defaults');
				if (!mounted) return;
				wrong.set(null);
				const text = JSON.stringify([config, defaults]);
				if (text === shown) return;
				shown = text;
				const known = new Set(defaults);
				// keys that have no section are one together
				const plain = Object.entries(config).filter(([, x]) => isPlain(x)), rest = Object.entries(config).filter(([, x]) => !isPlain(x));
				parts = [section('mola.yaml', plain, known), ...rest.map(([name, value]) => section(name, [[name, value]], known))];
				body.replaceChildren(...parts.map((p) => p.el));
				filter();
			} catch (e) {
				wrong.set(e.message);
			}
		}

		root.append(h('h1', t('config.title')), h('p', t('config.text')), h('div.bar', find.el, own.el), wrong.el, body);
		subs = store.subscriptions();
		subs.add(() => { mounted = false; });
		subs.on('brain', load);			// now, and whenever the stream begins again
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
