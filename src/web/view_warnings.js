// view_warnings: what is wrong, and what to do about it.

import { h, keyed, put, show } from './dom.js';
import * as store from './store.js';
import { t, tn, has, word, secs } from './texts.js';
import { badge, empty } from './parts.js';
import { href } from './model.js';
import { icon } from './pieces.js';

// Where to look at what a warning is about.
const PLACES = { node: (name) => href('nodes', name), service: (name) => href('services', name), target: () => href('targets'),
	certificate: () => href('certs'), swarm: () => href('labels') };

function whose(w) {
	if (w.name === null) return null;
	const to = PLACES[w.kind];
	return h('p.whose', icon(w.kind), `${word('kind', w.kind)} `, to ? h('a', { href: to(w.name) }, w.name) : h('b', w.name));
}

function card(w) {
	const severity = badge('severity'), text = h('p'), remedy = h('p.remedy'), since = h('span.muted.small');
	// what Mola says is English; other languages know what each kind means, and what to do about it
	const meaning = has(`warning.${w.id}`) ? h('p', h('b', word('warning', w.id))) : null;
	return {
		el: h('li.thing', { 'data-warning': w.id, 'data-severity': w.severity, 'data-name': w.name }, h('div.head', severity.el, since),
			whose(w), meaning, text, h('h2', t('warnings.remedy')), remedy),
		update(now) {
			severity.set(now.severity, now.severity === 'error' ? 'bad' : 'warn');
			put(text, now.text);
			put(remedy, has(`remedy.${now.id}`) ? word('remedy', now.id) : now.remedy);
			put(since, now.since_seconds === null ? '' : t('warnings.since', { age: secs(now.since_seconds) }));
		},
	};
}

let subs = null;

export const view = {
	id: 'warnings',
	title: 'warnings.title',
	topic: 'warnings',
	count: () => store.get('warnings')?.warnings.length ?? 0,
	mount(root) {
		const list = h('ul.things'), said = h('p.muted.small', { role: 'status' });
		const none = empty(t('warnings.none'), t('warnings.none.text'));
		const set = keyed(list, (w) => `${w.id} ${w.kind} ${w.name}`, card);

		show(none, false);
		root.append(h('h1', t('warnings.title')), said, none, list);
		subs = store.subscriptions();
		subs.on('warnings', ({ warnings }) => {
			const errors = warnings.filter((w) => w.severity === 'error');
			put(said, warnings.length === 0 ? '' : tn('warnings.shown', warnings.length, { errors: errors.length }));
			set([...errors, ...warnings.filter((w) => w.severity !== 'error')]);
			show(none, warnings.length === 0);
		});
	},
	unmount() {
		subs.end();
	},
};
