// view_services: the services with what their clients get; #/services/NAME is one service.

import { h, put, show, attr, cls, keyed } from './dom.js';
import * as store from './store.js';
import { t, num, rate, secs, word, tn, NONE } from './texts.js';
import { badge, empty, search, choice, pager } from './parts.js';
import { spark } from './chart.js';
import * as past from './past.js';
import { steady, href } from './model.js';
import { serviceMount } from './view_service.js';

const PAGE = 50;
const ORDERS = {
	name: null,
	rate: (s) => -(s.requests_per_second ?? -1),
	p99: (s) => -(s.p99_seconds ?? -1),
	errors: (s) => -(s.errors_per_second ?? -1),
};
let subs = null;

export function routeText(r) {
	if (r.listener !== undefined) return [r.listener, r.host || t('route.all')].join(' ');
	return r.rule ?? `${r.host || '*'}${r.path === '/' ? '' : r.path}`;
}

function routesText(routes) {
	if (routes.length === 0) return t('service.routes.none');
	return routeText(routes[0]) + (routes.length > 1 ? ` +${routes.length - 1}` : '');
}

function row(service) {
	const name = h('a', { href: href('services', service.name) }, service.name), routes = h('span.muted.routes');
	const policy = h('td.policy'), line = spark(), per = h('b.num'), inflight = h('td.num'), p50 = h('td.num'), p99 = h('td.num');
	const wrong = h('td.num'), tasks = h('td.num'), state = badge('state.service');
	const cell = (key, td) => { td.dataset.label = t(`col.${key}`); return td; };

	return {
		el: h('tr', { 'data-service': service.name }, h('th', { scope: 'row' }, name, state.el, routes), cell('policy', policy), cell('rate', h('td.num.rate', line.el, per)),
			cell('inflight', inflight), cell('p50', p50), cell('p99', p99), cell('errors', wrong), cell('tasks', tasks)),
		update(s) {
			const no = s.served === false, none = !no && s.tasks > 0 && s.usable === 0;
			show(state.el, no || none);
			state.set(no ? 'unserved' : 'unusable', 'bad');
			put(routes, no ? s.troubles?.[0]?.text ?? '' : routesText(s.routes ?? []));
			put(policy, s.policy ? word('policy', s.policy) : NONE);
			put(per, rate(s.requests_per_second));
			if (!no) line.set(past.service(s.name).cols.rate);
			put(inflight, num(s.inflight));
			put(p50, secs(s.p50_seconds));
			put(p99, secs(s.p99_seconds));
			put(wrong, rate(s.errors_per_second));
			cls(wrong, 'bad', s.errors_per_second > 0);
			put(tasks, s.usable === s.tasks ? num(s.tasks) : t('of', { n: num(s.usable), all: num(s.tasks) }));
			attr(tasks, 'title', tn('service.tasks', s.tasks));
		},
	};
}

export function serviceRows() {
	const body = h('tbody'), set = keyed(body, (s) => s.name, row);
	const heads = [['service', ''], ['policy', ''], ['rate', '.num'], ['inflight', '.num'], ['p50', '.num'], ['p99', '.num'],
		['errors', '.num'], ['tasks', '.num']];
	return { el: h('table.list.cards', h('caption.away', t('services.title')),
		h('thead', h('tr', heads.map(([k, c]) => h(`th${c}`, { scope: 'col' }, t(`col.${k}`))))), body), set };
}

function mountList(root) {
	const rows = serviceRows(), none = empty(t('services.empty.title'), t('services.empty.text'), t('services.empty.next'));
	const nothing = h('p.muted', { role: 'status', hidden: true }, t('nothing.fits')), n = h('span.muted.num');
	const settle = steady(), look = () => { settle.now(); update(store.get('services')); };
	const again = () => { pages.first(); look(); };
	const words = search(t('services.search'), again), pages = pager(PAGE, look);
	const order = choice(t('order'), Object.keys(ORDERS).map((k) => [k, t(`services.order.${k}`)]), again);
	const bar = h('div.bar', words.el, order.el, n);

	function update(all) {
		if (!all) return;
		const list = settle(all.services.filter((s) => words.fits(s.name, s.policy, ...(s.routes ?? []).map(routeText))), ORDERS[order.value],
			rows.el.matches(':hover, :focus-within'));
		rows.set(pages.of(list));
		put(n, list.length === all.services.length ? num(list.length) : t('of', { n: num(list.length), all: num(all.services.length) }));
		show(none, all.services.length === 0);
		show(bar, all.services.length > 0);
		show(rows.el, list.length > 0);
		show(nothing, all.services.length > 0 && list.length === 0);
	}

	show(none, false);
	show(rows.el, false);
	root.append(h('div.head', h('h1', t('services.title'))), bar, none, nothing, rows.el, pages.el);
	subs.on('services', update);
}

export const view = {
	id: 'services',
	title: 'services.title',
	topics: (params) => (params.length > 0 ? ['tasks'] : []),
	mount(root, [name]) {
		subs = store.subscriptions();
		if (name === undefined) mountList(root);
		else serviceMount(root, name, subs);
	},
	unmount() {
		subs.end();
	},
};
