// view_service: one service: what its clients get, where its requests go and why, 15 minutes of it.

import { h, put, show, attr, keyed } from './dom.js';
import * as store from './store.js';
import { t, tn, num, pct, rate, secs, word } from './texts.js';
import { badge, errorText, figure, notice } from './parts.js';
import { chart } from './chart.js';
import * as past from './past.js';
import { href } from './model.js';
import { flow } from './flow.js';
import { routeText } from './view_services.js';

function figures() {
	const f = { rate: figure(t('figure.rate')), inflight: figure(t('col.inflight')), p50: figure(t('col.p50')), p99: figure(t('col.p99')),
		errors: figure(t('figure.errors')), tasks: figure(t('col.tasks')) };
	return {
		el: h('div.figures', Object.values(f).map((x) => x.el)),
		set(s) {
			const over = s.window_seconds > 0 ? t('figure.window', { time: secs(s.window_seconds) }) : '';
			f.rate.set(rate(s.requests_per_second), t('figure.total', { n: num(s.requests_total) }));
			f.inflight.set(num(s.inflight));
			f.p50.set(secs(s.p50_seconds), over);
			f.p99.set(secs(s.p99_seconds), over);
			f.errors.set(rate(s.errors_per_second), s.requests_per_second > 0 && s.errors_per_second !== null ?
				t('figure.errors.part', { part: pct(s.errors_per_second / s.requests_per_second) }) : '', s.errors_per_second > 0 ? 'bad' : null);
			f.tasks.set(num(s.usable), t('figure.cores.of', { all: num(s.tasks) }), s.usable < s.tasks ? 'warn' : null);
		},
	};
}

// Why requests of it failed, most frequent first.
function errors() {
	const list = h('ul.reasons'), set = keyed(list, (e) => `${e.why} ${e.status}`, () => {
		const n = h('b.num'), text = h('span'), code = h('code.muted');
		return { el: h('li', n, text, code), update(e) {
			put(n, t('error.count', { n: num(e.count), rate: rate(e.per_second) }));
			put(text, errorText(e));
			put(code, e.why);
		} };
	});
	const el = h('section', { hidden: true }, h('h2', t('service.errors')), list);
	return { el, set(all) { show(el, all?.length > 0); set(all ?? []); } };
}

function charts(subs) {
	const speed = (x) => rate(x), same = { sync: 'service' };
	const all = [
		chart({ title: t('chart.rate'), format: speed, ...same, series: [{ key: 'rate', label: t('figure.rate'), color: '--ours', fill: 'solid' },
			{ key: 'errors', label: t('figure.errors'), color: '--bad', dash: [4, 3] }] }),
		chart({ title: t('chart.latency'), format: secs, ...same, series: [{ key: 'p50', label: t('col.p50'), color: '--ours' },
			{ key: 'p99', label: t('col.p99'), color: '--others', dash: [6, 3] }] }),
		chart({ title: t('chart.inflight'), format: (x) => num(x), ...same, top: () => 4,
			series: [{ key: 'inflight', label: t('col.inflight'), color: '--memory', fill: 'solid' }] }),
	];
	for (const c of all) subs.add(c.end);
	return { el: h('div.charts', all.map((c) => c.el)), set: (track) => all.forEach((c) => c.set(track)) };
}

function routes() {
	const list = h('ul.routes'), set = keyed(list, (r) => JSON.stringify(r), (r) => {
		const extra = [r.router && t('route.router', { name: r.router }), r.by && word('route.by', r.by),
			r.middlewares?.length > 0 && t('route.middlewares', { names: r.middlewares.map((m) => (m.state && m.state !== 'closed' ?
				`${m.name} (${m.state})` : m.name)).join(', ') })].filter(Boolean).join(' · ');
		return { el: h('li', h('code', routeText(r)), ' ', h('span.muted', extra)), update() {} };
	});
	return { el: list, set: (all) => set(all ?? []) };
}

// It has no tasks of its own: where its requests go.
function leadsTo() {
	const list = h('ul.leads'), set = keyed(list, (x) => x.service, (x) => {
		const weight = h('span.muted.num');
		return { el: h('li', h('a', { href: href('services', x.service) }, x.service), ' ', weight),
			update(y) { put(weight, y.weight === null ? '' : t('service.weight', { n: num(y.weight) })); } };
	});
	const el = h('section', { hidden: true }, h('h2', t('service.leads')), list);
	return { el, set(all) { show(el, Boolean(all)); set(all ?? []); } };
}

function queries() {
	const list = h('ul.queries'), set = keyed(list, (q) => q.name, () => {
		const name = h('b'), state = badge('state.query'), text = h('span.muted'), code = h('code');
		return { el: h('li', name, ' ', state.el, ' ', text, code), update(q) {
			put(name, q.name);
			state.set(q.state, { ok: 'good', partial: 'warn', failed: 'bad' }[q.state] ?? 'quiet');
			put(text, q.text ?? '');
			put(code, q.query);
		} };
	});
	const el = h('section', { hidden: true }, h('h2', t('service.queries')), list);
	return { el, set(all) { show(el, all?.length > 0); set(all ?? []); } };
}

export function serviceMount(root, name, subs) {
	const gone = notice('warn'), trouble = notice('bad'), what = h('span.muted'), f = figures(), to = flow(name, subs);
	const wrong = errors(), plots = charts(subs), ways = routes(), leads = leadsTo(), own = queries();

	let seen = false;
	root.append(h('p.crumbs', h('a', { href: href('services') }, `‹ ${t('services.title')}`)), h('div.head', h('h1', name), what),
		gone.el, trouble.el, ways.el, f.el, leads.el, to.el, wrong.el, plots.el, own.el);
	subs.on('services', ({ services }) => {
		const s = services.find((x) => x.name === name);
		gone.set(s ? null : t('service.gone', { name }));
		seen ||= Boolean(s);
		for (const part of [f, to, plots]) show(part.el, seen);		// what a service that is gone had stays in sight
		if (!s) return;
		put(what, [s.kind && word('kind', s.kind), s.policy && t('service.policy', { name: word('policy', s.policy) }),
			s.profile && s.profile !== 'balanced' && t('service.profile', { name: s.profile })].filter(Boolean).join(' · '));
		attr(what, 'title', tn('service.tasks', s.tasks));
		trouble.set(s.served === false || s.troubles?.length > 0 ? [s.served === false && t('service.unserved'),
			...(s.troubles ?? []).map((x) => x.text)].filter(Boolean).join(' ') : null);
		ways.set(s.routes);
		leads.set(s.leads_to);
		show(to.el, !s.leads_to && s.tasks > 0);
		own.set(s.queries);
		f.set(s);
		wrong.set(s.errors);
		if (s.served !== false) plots.set(past.service(name));
	});
	subs.on('past', () => plots.set(past.service(name)));
}
