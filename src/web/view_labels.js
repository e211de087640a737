// view_labels: what Mola made of the labels of services in the Swarm: those that were refused first, and why.

import { h, keyed, put, show } from './dom.js';
import * as store from './store.js';
import { t, tn, secs } from './texts.js';
import { badge, empty, notice, search } from './parts.js';
import { href } from './model.js';
import { because, cells, facts, table } from './pieces.js';

const TONES = { wrong: 'bad', unknown: 'bad', 'not yet': 'warn', unused: 'quiet', understood: 'good' };
const ORDER = Object.keys(TONES);

const isOdd = (l) => l.state !== 'understood';
const oddFirst = (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.label < b.label ? -1 : 1);
const toService = (name) => h('a', { href: href('services', name) }, name);

function label() {
	const c = cells('.code', '.code', '', ''), state = badge('state.label');
	c[2].append(state.el);
	return { el: h('tr', c), update(l) {
		put(c[0], l.label);
		put(c[1], l.value);
		state.set(l.state, TONES[l.state]);
		put(c[3], l.text ?? '');
	} };
}

function troubleRow() {
	const one = notice('warn');
	return { el: one.el, update: (x) => one.set(x.text) };
}

function card({ name }) {
	const served = badge('served'), odd = h('p.muted.small'), troubles = h('div'), t_ = table(t('labels.of', { name }),
		[[t('labels.label')], [t('labels.value')], [t('labels.state')], [t('labels.why')]]);
	const setTroubles = keyed(troubles, (x) => `${x.why} ${x.text}`, troubleRow), set = keyed(t_.body, (l) => l.label, label);
	return {
		el: h('li.thing', { 'data-service': name }, h('div.head', h('h2', toService(name)), served.el), odd, troubles, t_.el),
		update(s) {
			served.set(s.served ? 'yes' : 'no', s.served ? 'good' : 'bad');
			const n = s.labels.filter(isOdd).length;
			put(odd, n === 0 ? t('labels.all_good') : tn('labels.odd', n));
			setTroubles(s.troubles);
			set([...s.labels].sort(oddFirst));
			show(t_.el, s.labels.length > 0);
		},
	};
}

const routeOf = (r) => because(r.rule ?? (`${r.host || '*'}${r.path ?? ''}`), r.router && t('labels.router', { name: r.router }));

function refusedRoutes() {
	const list = h('ul.plain'), el = h('section', h('h2', t('labels.refused')), h('p', t('labels.refused.text')), list);
	const set = keyed(list, (r) => JSON.stringify(r), (r) => ({ el: h('li.code', routeOf(r)), update() {} }));
	return { el, set };
}

function swarm() {
	const state = badge('state.swarm'), wrong = notice('bad'), troubles = h('div');
	const what = facts({ endpoint: t('swarm.endpoint'), api: t('swarm.api'), age: t('swarm.age'), balancers: t('swarm.balancers'),
		left: t('swarm.left_out') });
	const set = keyed(troubles, (x) => `${x.why} ${x.text}`, troubleRow);
	return {
		el: h('section.thing', h('div.head', h('h2', t('swarm.title')), state.el), wrong.el, troubles, what.el),
		set(s) {
			state.set(s.state, s.state === 'good' ? 'good' : s.state === 'lost' ? 'bad' : 'quiet');
			wrong.set(because(s.text, s.detail));
			set(s.troubles ?? []);
			what.set({ endpoint: s.endpoint, api: s.api_version, age: typeof s.age_seconds === 'number' ? t('swarm.ago', { age: secs(s.age_seconds) }) : null,
				balancers: s.balancers, left: s.left_out });
		},
	};
}

let subs = null;

export const view = {
	id: 'labels',
	title: 'labels.title',
	mount(root) {
		let all = [];
		const list = h('ul.things.wide'), none = empty(t('labels.none'), t('labels.none.text')), routes = refusedRoutes(), from = swarm();
		const find = search(t('labels.search'), () => draw()), bar = h('div.bar', find.el);
		const set = keyed(list, (s) => s.name, card);
		function draw() {
			set(all.filter((s) => find.fits(s.name, ...s.labels.flatMap((l) => [l.label, l.value]))));
			show(none, all.length === 0);
			show(bar, all.length > 0);
		}

		show(routes.el, false);
		root.append(h('h1', t('labels.title')), from.el, routes.el, bar, none, list);
		subs = store.subscriptions();
		subs.on('swarm', (s) => from.set(s));
		subs.on('services', ({ services, refused }) => {
			const rank = (s) => (s.served ? 0 : 2) + (s.labels.some(isOdd) || s.troubles.length > 0 ? 1 : 0);
			all = services.filter((s) => s.labels.length > 0 || s.troubles.length > 0).sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1));
			draw();
			show(routes.el, refused.length > 0);
			routes.set(refused);
		});
		draw();
	},
	unmount() {
		subs.end();
	},
};
