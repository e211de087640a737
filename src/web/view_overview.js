// view_overview: all at one glance: the whole's figures, the fleet, the services, what happened last.

import { h, put, show, keyed, attr } from './dom.js';
import * as store from './store.js';
import { has, t, tn, num, rate, pct, secs, time, word } from './texts.js';
import { figure, legend, empty, notice } from './parts.js';
import { spark } from './chart.js';
import { servicesSum } from './past.js';
import { isHot, sum, slowest, sorted, steady, NODE_ORDERS, href, SIGNS } from './model.js';
import { tiles } from './fleet.js';
import { serviceRows } from './view_services.js';

const TILES_MOST = 40, SERVICES_MOST = 8, EVENTS_MOST = 8;
const LEVELS = { error: 'bad', warn: 'warn', info: 'quiet', debug: 'quiet' };
let subs = null;

function figures(on) {
	const rates = spark(), errors = spark('.bad');
	const f = {
		rate: figure(t('figure.rate'), rates.el, href('services')), p99: figure(t('figure.p99')),
		errors: figure(t('figure.errors'), errors.el), cores: figure(t('figure.cores')),
		nodes: figure(t('figure.nodes'), null, href('nodes')), warnings: figure(t('figure.warnings'), null, href('warnings')),
	};

	on('services', ({ services }) => {
		const slow = slowest(services), wrong = sum(services, 'errors_per_second'), all = sum(services, 'requests_per_second');
		f.rate.set(rate(all), services.length > 0 ? tn('figure.inflight', sum(services, 'inflight')) : '');
		f.p99.set(secs(slow?.p99_seconds), slow?.p99_seconds === null || !slow ? '' : t('figure.p99.of', { name: slow.name }));
		f.errors.set(rate(wrong), all > 0 && wrong !== null ? t('figure.errors.part', { part: pct(wrong / all) }) : '',
			wrong > 0 ? 'bad' : null);
		rates.set(servicesSum('rate').values);
		errors.set(servicesSum('errors').values, 1);
	});
	on('nodes', ({ nodes }) => {
		const hot = nodes.filter(isHot).length, dark = nodes.filter((n) => n.state === 'blind' || n.state === 'stale').length;
		const ours = sum(nodes, 'cores_ours'), all = sum(nodes, 'cores');
		f.cores.set(num(ours === null ? null : ours + sum(nodes, 'cores_others'), 1), all === null ? '' : t('figure.cores.of', { all: num(all) }));
		f.nodes.set(num(nodes.length), [hot > 0 && tn('figure.hot', hot), dark > 0 && tn('figure.dark', dark)].filter(Boolean).join(', ')
			|| (nodes.length > 0 ? t('figure.calm') : ''), hot > 0 || dark > 0 ? 'warn' : null);
	});
	on('warnings', ({ warnings }) => {
		const bad = warnings.filter((w) => w.severity === 'error').length;
		f.warnings.set(num(warnings.length), warnings[0]?.text ?? t('figure.warnings.none'), bad > 0 ? 'bad' : warnings.length > 0 ? 'warn' : null);
	});
	return h('div.figures', Object.values(f).map((x) => x.el));
}

function fleet(on) {
	const busiest = steady(TILES_MOST), grid = tiles(), more = h('a.more', { href: href('nodes') }), full = notice('warn');
	const none = empty(t('nodes.empty.title'), t('nodes.empty.text'), t('nodes.empty.next'));

	show(none, false);
	on('nodes', ({ nodes }) => {
		const few = nodes.length <= TILES_MOST;
		show(none, nodes.length === 0);
		grid.set(few ? sorted(nodes, null) : busiest(nodes, NODE_ORDERS.busy));
		show(more, !few);
		put(more, t('nodes.more', { n: TILES_MOST, all: num(nodes.length) }));
		full.set(nodes.length > 0 && nodes.every(isHot) ? t('nodes.full') : null);
	});
	return h('section', { 'aria-labelledby': 'fleet-title' }, h('div.head', h('h2', { id: 'fleet-title' }, t('nodes.title')), legend(), more),
		full.el, none, grid.el);
}

// key=value key="a value": whom it is about, and what happened where a sentence says so.
function eventText({ event, text }) {
	const pairs = Object.fromEntries([...text.matchAll(/([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)/g)].map(([, k, v]) => [k, v.replace(/^"|"$/g, '')]));
	const about = ['node', 'service', 'task', 'target', 'certificate', 'name', 'worker'].map((k) => pairs[k]).filter(Boolean);
	const rest = has(`says.${event}`) ? t(`says.${event}`) : pairs.text ?? (pairs.why ? word('why', pairs.why) : '');
	return about.length > 0 || rest ? [about.join(', '), rest].filter(Boolean).join(': ') : text;
}

function eventRow(event) {
	const sign = h('span.sign', { 'aria-hidden': 'true' }), when = h('time.num'), what = h('b'), text = h('span.muted');
	return {
		el: h('li', { 'data-event': event.event }, sign, when, h('span.what', what, ' ', text)),
		update(e) {
			const tone = LEVELS[e.level] ?? 'quiet';
			put(sign, SIGNS[tone]);
			attr(sign, 'data-tone', tone);
			put(when, time(e.time));
			put(what, word('event', e.event));
			put(text, eventText(e));
		},
	};
}

function events(on) {
	const list = h('ol.events'), none = h('p.muted', { hidden: true }, t('events.none'));
	const set = keyed(list, (e) => e.key, eventRow);

	on('events', ({ events: told }) => {
		const all = told.filter((e) => e.event);
		set(all.slice(-EVENTS_MOST).reverse());
		show(none, all.length === 0);
	});
	return h('section', h('div.head', h('h2', t('events.title')), h('a.more', { href: href('events') }, t('events.more'))), list, none);
}

function services(on) {
	const most = steady(SERVICES_MOST), rows = serviceRows(), more = h('a.more', { href: href('services') }), none = empty(t('services.empty.title'), t('services.empty.text'), t('services.empty.next'));

	show(none, false);
	show(rows.el, false);
	on('services', ({ services: all }) => {
		show(none, all.length === 0);
		show(rows.el, all.length > 0);
		rows.set(all.length <= SERVICES_MOST ? sorted(all, null) : most(all, (s) => -(s.requests_per_second ?? 0)));
		put(more, all.length > SERVICES_MOST ? t('services.more', { all: num(all.length) }) : t('services.all'));
	});
	return h('section', h('div.head', h('h2', t('services.title')), more), none, rows.el);
}

export const view = {
	id: '',
	title: 'overview.title',
	mount(root) {
		subs = store.subscriptions();
		root.append(h('h1.away', t('overview.title')), figures(subs.on), fleet(subs.on), h('div.pair', services(subs.on), events(subs.on)));
	},
	unmount() {
		subs.end();
	},
};
