// view_events: what happened, the latest first. The kind of an event is in its name: node.drained is of a node.

import { h, keyed, put, show } from './dom.js';
import * as store from './store.js';
import { t, tn, has, word, time, date } from './texts.js';
import { badge, choice, empty, search } from './parts.js';
import { icon } from './pieces.js';

const KINDS = {
	node: ['node', 'signal', 'sample', 'best_node', 'agent'],
	task: ['task'],
	service: ['service', 'profile', 'query', 'label', 'upgrade'],
	table: ['table', 'secrets'],
	move: ['mover', 'scaler'],
	target: ['target', 'haproxy'],
	certificate: ['certificate', 'acme', 'tickets', 'tls'],
	config: ['reload', 'config', 'traefik_file', 'listen', 'admin', 'access', 'user'],
	swarm: ['swarm', 'prometheus', 'tracing'],
	mola: [],			// all others: Mola's own processes
};
const LEVELS = ['debug', 'info', 'warn', 'error'];
const TONES = { debug: 'quiet', info: 'quiet', warn: 'warn', error: 'bad' };
const AT_ONCE = 150;

const kinds = new Map(Object.entries(KINDS).flatMap(([kind, names]) => names.map((n) => [n, kind])));
const kindOf = (name) => kinds.get(name.split('.')[0]) ?? 'mola';

const capital = (text) => text[0].toUpperCase() + text.slice(1);
const titleOf = (name) => (has(`event.${name}`) ? t(`event.${name}`) : capital(name.replace('.', ' ').replaceAll('_', ' ')));

// key=value key="a value with \"quotes\"", as the log writes them.
const PAIR = /([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|\S*)/g;

function pairs({ event, text }) {
	const found = [...text.matchAll(PAIR)].map(([, key, value]) =>
		h('span.pair', key === 'text' ? null : h('span.key', `${key} `),
			key === 'text' && has(`says.${event}`) ? t(`says.${event}`) : value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value));
	return h('p.pairs', found.length === 0 ? text : found.flatMap((x) => [x, ' ']));
}

function row(e) {
	const kind = kindOf(e.event), level = badge('level');
	level.set(e.level, TONES[e.level]);
	return {
		el: h('li.event', { 'data-event': e.event, 'data-kind': kind, 'data-level': e.level },
			h('time.num', { datetime: e.time, title: date(e.time) }, time(e.time)),
			h('span.kind', icon(kind), word('kind', kind)),
			h('div.what', h('p.line', h('b', { title: e.event }, titleOf(e.event)), e.level === 'info' ? null : level.el), pairs(e))),
		update() {},
	};
}

function gap(e) {
	return { el: h('li.break', h('time.num', time(e.time)), h('p', t('timeline.gap'))), update() {} };
}

// ---- which ones: that stays while the page does ----

const chosen = { kinds: new Set(), level: 'info' };	// no kind: all

function chip(kind, changed) {
	const count = h('span.num');
	const box = h('input', { type: 'checkbox', 'data-filter': kind, on: { change: () => {
		if (box.checked) chosen.kinds.add(kind);
		else chosen.kinds.delete(kind);
		changed();
	} } });
	box.checked = chosen.kinds.has(kind);
	return { kind, count, el: h('label.pick', box, icon(kind), h('span', word('kind', kind)), count) };
}

function filters(changed) {
	const chips = Object.keys(KINDS).map((kind) => chip(kind, changed));
	const words = search(t('timeline.search'), changed);
	const level = choice(t('timeline.level'), LEVELS.map((l) => [l, t(`timeline.from.${l}`)]), (value) => {
		chosen.level = value;
		changed();
	});
	level.el.querySelector('select').value = chosen.level;
	return {
		el: h('div.filters', h('fieldset.picks', h('legend.away', t('timeline.kinds')), chips.map((c) => c.el)), level.el, words.el),
		fits: (e) => e.event === undefined || ((chosen.kinds.size === 0 || chosen.kinds.has(kindOf(e.event))) &&
			LEVELS.indexOf(e.level) >= LEVELS.indexOf(chosen.level) && words.fits(e.event, titleOf(e.event), e.text)),
		counts(events) {
			for (const c of chips) put(c.count, String(events.filter((e) => e.event && kindOf(e.event) === c.kind).length));
		},
	};
}

// ---- the view ----

let subs = null;

export const view = {
	id: 'events',
	title: 'timeline.title',
	mount(root) {
		let all = [], most = AT_ONCE;
		const list = h('ol.timeline'), said = h('p.muted.small', { role: 'status' });
		const none = empty(t('timeline.none'), t('timeline.none.text'));
		const set = keyed(list, (e) => e.key, (e) => (e.event ? row(e) : gap(e)));
		const more = h('button', { type: 'button', 'data-action': 'older', on: { click: () => {
			most += AT_ONCE;
			draw();
		} } });
		const filter = filters(() => {
			most = AT_ONCE;
			draw();
		});
		function draw() {
			const fit = all.filter(filter.fits).reverse();
			set(fit.slice(0, most));
			put(said, tn('timeline.shown', fit.length));
			show(none, fit.length === 0);
			put(more, tn('timeline.older', Math.max(0, fit.length - most)));
			show(more, fit.length > most);
		}

		root.append(h('h1', t('timeline.title')), filter.el, said, none, list, more);
		subs = store.subscriptions();
		subs.on('events', ({ events }) => {
			all = events;
			filter.counts(all);
			draw();
		});
		draw();
	},
	unmount() {
		subs.end();
	},
};
