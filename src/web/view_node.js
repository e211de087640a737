// view_node: one node: its load of 15 minutes, its numbers and where they come from, its tasks, its drain.

import { h, put, show, attr, keyed } from './dom.js';
import * as store from './store.js';
import { t, num, pct, secs, bytes, rate, word, NONE } from './texts.js';
import { badge, coresBar, drainButton, figure, notice, pager, trendSign } from './parts.js';
import { chart } from './chart.js';
import * as past from './past.js';
import { coresFree, isHot, byName, href, HOT_PRESSURE } from './model.js';

const PAGE = 50;

// Terms and values: facts([[label, f(node)], ...]).
function facts(rows) {
	const values = rows.map(() => h('dd.num', NONE));
	const el = h('dl.facts', rows.map(([label], i) => h('div', h('dt', label), values[i])));
	return { el, set: (x) => rows.forEach(([, f], i) => put(values[i], f(x))) };
}

function nodeFacts() {
	return facts([
		[t('node.effective'), (n) => num(n.cores_effective, 1)],
		[t('node.cost'), (n) => num(n.cost, 2)],
		[t('node.score'), (n) => num(n.score)],
		[t('node.inflight'), (n) => num(n.inflight)],
		[t('node.running'), (n) => num(n.running, 1)],
		[t('node.load1'), (n) => num(n.load1, 2)],
		[t('node.share'), (n) => pct(n.share)],
		[t('node.memory'), (n) => (n.memory_total_bytes ? t('node.memory.of', {
			used: bytes(n.memory_total_bytes - n.memory_available_bytes), all: bytes(n.memory_total_bytes) }) : NONE)],
		[t('node.address'), (n) => n.address ?? NONE],
	]);
}

function taskRow(task) {
	const cell = (key, c = '') => h(`td${c}`, { 'data-label': t(`col.${key}`) });
	const of = cell('service'), is = cell('state'), per = cell('rate', '.num'), inflight = cell('inflight', '.num'), share = cell('share', '.num');
	const name = h('span'), service = h('a'), state = badge('state.task'), drain = drainButton('task', true);
	of.append(service);
	is.append(state.el);
	return {
		el: h('tr', { 'data-task': task.name }, h('th', { scope: 'row' }, name), of, is, per, inflight, share, h('td.do', drain.el)),
		update(x) {
			put(name, x.name);
			put(service, x.service);
			attr(service, 'href', href('services', x.service));
			state.set(x.state);
			put(per, rate(x.requests_per_second));
			put(inflight, num(x.inflight));
			put(share, pct(x.share));
			drain.set(x.name, x.state === 'draining');
		},
	};
}

function tasksTable(name, subs) {
	const body = h('tbody'), none = h('p.muted', t('node.tasks.none'));
	const look = () => update(store.get('tasks'));
	const pages = pager(PAGE, look), set = keyed(body, (x) => x.name, taskRow);
	const heads = ['task', 'service', 'state', 'rate', 'inflight', 'share'];
	const table = h('table.list.cards', h('caption.away', t('node.tasks')), h('thead', h('tr', heads.map((k) =>
		h(['rate', 'inflight', 'share'].includes(k) ? 'th.num' : 'th', { scope: 'col' }, t(`col.${k}`))),
	h('th', { scope: 'col' }, h('span.away', t('col.do'))))), body);

	function update(all) {
		if (!all) return;
		const mine = all.tasks.filter((x) => x.node === name).sort(byName);
		set(pages.of(mine));
		show(none, mine.length === 0);
		show(table, mine.length > 0);
	}

	subs.on('tasks', update);
	return h('section', h('h2', t('node.tasks')), none, table, pages.el);
}

function charts(name, subs) {
	const cores = chart({ title: t('chart.cores'), format: (x) => num(x, x !== null && x < 9.95 ? 1 : 0), sync: 'node', steps: [1, 2, 4, 8, 16, 32, 64],
		top: () => store.get('nodes')?.nodes.find((n) => n.name === name)?.cores ?? 1,
		series: [{ key: 'ours', label: t('load.ours'), color: '--ours', fill: 'solid' },
			{ key: 'others', label: t('load.others'), color: '--others', fill: 'hatch', stack: true, dash: [6, 3] }] });
	const rest = chart({ title: t('chart.memory'), format: pct, sync: 'node', top: () => 1,
		series: [{ key: 'memory', label: t('node.memory'), color: '--memory' },
			{ key: 'pressure', label: t('node.pressure.long'), color: '--bad', dash: [5, 3] }] });

	subs.add(cores.end);
	subs.add(rest.end);
	return { el: h('div.charts', cores.el, rest.el), set: (x) => { cores.set(x); rest.set(x); } };
}

export function nodeMount(root, name, subs) {
	const state = badge('state.node'), hot = h('span.hot', t('nodes.hot')), bar = coresBar(), drain = drainButton('node');
	const trouble = notice('warn'), gone = notice('warn'), reason = h('p.reason', { lang: 'en' }), list = nodeFacts(), plots = charts(name, subs);
	const f = { ours: figure(t('load.ours')), others: figure(t('load.others')), free: figure(t('load.free')),
		memory: figure(t('node.memory')), pressure: figure(t('node.pressure.long')), age: figure(t('node.age')) };
	const trend = trendSign(), course = h('span.muted');

	const known = [state.el, bar.el, h('div.figures', Object.values(f).map((x) => x.el)), plots.el,
		h('section', h('h2', t('node.numbers')), reason, list.el), tasksTable(name, subs)];

	root.append(h('p.crumbs', h('a', { href: href('nodes') }, `‹ ${t('nodes.title')}`)),
		h('div.head', h('h1', name), state.el, hot, h('span.line', trend.el, course), h('span.gap'), drain.el), gone.el, trouble.el,
		...known.slice(1));
	show(hot, false);
	let seen = false;

	subs.on('nodes', ({ nodes }) => {
		const n = nodes.find((x) => x.name === name);
		gone.set(n ? null : t('node.gone', { name }));
		show(drain.el, Boolean(n));
		seen ||= Boolean(n);
		for (const el of known) show(el, seen);		// what a node that is gone had stays in sight
		if (!n) return;
		state.set(n.state);
		show(hot, isHot(n));
		trend.set(n.trend);
		put(course, n.trend ? word('trend', n.trend) : '');
		drain.set(name, n.state === 'drained');
		trouble.set(n.detail);
		bar.set(n);
		f.ours.set(num(n.cores_ours, 1), t('figure.cores.of', { all: num(n.cores) }));
		f.others.set(num(n.cores_others, 1), t('figure.cores.of', { all: num(n.cores) }));
		f.free.set(num(coresFree(n), 1), t('figure.cores.of', { all: num(n.cores) }));
		f.memory.set(pct(n.memory_used), bytes(n.memory_total_bytes));
		f.pressure.set(pct(n.pressure?.cpu), t('node.pressure.rest', { memory: pct(n.pressure?.memory), io: pct(n.pressure?.io) }),
			(n.pressure?.cpu ?? 0) >= HOT_PRESSURE ? 'warn' : null);
		f.age.set(secs(n.age_seconds), word('source', n.source), n.state === 'stale' || n.state === 'blind' ? 'warn' : null);
		put(reason, n.reason);
		list.set(n);
		plots.set(past.node(name));
	});
	subs.on('past', () => plots.set(past.node(name)));
}
