// flow: where the requests of a service go now: ribbons as wide as the tasks' shares, and a row for each task. Why a task has
// its share is fetched when someone points at it, moves the focus there or taps it.

import { h, svg, put, attr, cls, show, style, keyed } from './dom.js';
import * as store from './store.js';
import { read } from './api.js';
import { t, num, pct, rate, secs, word, has } from './texts.js';
import { badge, drainButton, errorText, choice, pager, search, meter } from './parts.js';
import { spark } from './chart.js';
import { Track, tasksLoad } from './past.js';
import { href, steady } from './model.js';

const PAGE = 20, ROW = 52, WIDTH = 160, SOURCE_X = 12, SOURCE = 22, TOOLS_FROM = 8;
const HOVER_MS = 180, LEAVE_MS = 250, WHY_MS = 2000;
const ORDERS = { name: null, share: (x) => -(x.share ?? -1), rate: (x) => -(x.requests_per_second ?? -1),
	p99: (x) => -(x.p99_seconds ?? -1), errors: (x) => -(x.errors_per_second ?? -1) };

// ---- the ribbons ----

function ribbon(from, to, thick) {
	const x0 = SOURCE, x1 = WIDTH, m = (x0 + x1) / 2, a = from, b = from + thick, c = to - thick / 2, d = to + thick / 2;
	const y = (v) => v.toFixed(1);
	return `M${x0} ${y(a)}C${m} ${y(a)} ${m} ${y(c)} ${x1} ${y(c)}V${y(d)}C${m} ${y(d)} ${m} ${y(b)} ${x0} ${y(b)}Z`;
}

function ribbons() {
	const source = svg('rect.source', { x: SOURCE_X, width: SOURCE - SOURCE_X, rx: 3 }), paths = [];
	const el = svg('svg.ribbons', { 'aria-hidden': 'true', width: WIDTH, height: 0, preserveAspectRatio: 'none' }, source);
	return {
		el,
		set(tasks) {
			const n = tasks.length, all = tasks.reduce((s, x) => s + (x.share ?? 0), 0), most = Math.max(...tasks.map((x) => x.share ?? 0), 0.001);
			const scale = all > 0 ? Math.min(n * ROW * 0.8 / all, (ROW - 14) / most) : 0, high = Math.max(6, all * scale);
			let y = (n * ROW - high) / 2;
			attr(el, 'height', n * ROW);
			attr(el, 'viewBox', `0 0 ${WIDTH} ${n * ROW}`);
			attr(source, 'y', y.toFixed(1));
			attr(source, 'height', high.toFixed(1));
			while (paths.length < n) {
				paths.push(svg('path'));
				el.append(paths.at(-1));
			}
			paths.forEach((p, i) => {
				const share = tasks[i]?.share ?? 0, thick = share * scale;
				attr(p, 'd', i < n && share > 0 ? ribbon(y, i * ROW + ROW / 2, Math.max(1, thick)) : null);
				attr(p, 'data-state', tasks[i]?.state ?? null);
				y += thick;
			});
		},
		light(i) { paths.forEach((p, k) => cls(p, 'lit', k === i)); },
	};
}

// ---- the reason ----

// The values of a step as text, by what their names end with.
function stepValue(name, value) {
	if (name === 'what') return word('step.what', String(value).replaceAll(' ', '_'));
	if (name === 'source') return word('source', value);
	if (name === 'cause') return word('why', value);
	if (typeof value !== 'number') return value;
	if (name.endsWith('_ratio')) return pct(value);
	if (name.endsWith('_seconds')) return secs(value);
	return num(value, Number.isInteger(value) ? 0 : name === 'cost' ? 2 : 1);
}

// A step of the chain: the API words it in English; in a language that has words of its own for it, they are filled with its
// values. A text that needs a value which is not known has a shorter one beside it.
function stepText(step) {
	const values = Object.entries(step.values ?? {}).filter(([, v]) => v !== null).map(([k, v]) => [k, stepValue(k, v)]);
	for (const key of [`step.${step.step}`, `step.${step.step}.short`]) {
		const text = has(key) ? t(key, Object.fromEntries(values)) : '{none}';
		if (!/\{\w+\}/.test(text)) return text;
	}
	return step.text[0].toUpperCase() + step.text.slice(1);
}

function reasons(service) {
	let at = 0, got = null, asked = null;
	return function why() {
		if (got && Date.now() - at < WHY_MS) return got;
		asked ??= read(`/api/v1/why?service=${encodeURIComponent(service)}`).then((j) => {
			at = Date.now();
			got = Promise.resolve(j);
			return j;
		}).finally(() => { asked = null; });
		return asked;
	};
}

function card(service) {
	const title = h('b'), list = h('ol', { 'aria-live': 'polite' }), id = 'why-card', why = reasons(service);
	const el = h('div.why', { id, role: 'tooltip', hidden: true }, title, list);
	let of = null;

	// Below the row, or above it where there is no room below.
	function place(row) {
		const at = row.el.getBoundingClientRect(), high = el.offsetHeight, { offsetTop: top, offsetHeight: height } = row.el;
		const above = at.bottom + high > innerHeight && at.top - high > 60;
		style(el, 'top', `${above ? top - high + 6 : top + height - 6}px`);
	}

	async function open(row, name, keep) {
		of = row;
		put(title, t('why.title', { name }));
		list.replaceChildren(h('li.muted', t('loading')));
		show(el, true);
		place(row);
		attr(row.button, 'aria-expanded', 'true');
		attr(row.button, 'aria-describedby', id);
		try {
			const task = (await why()).tasks.find((x) => x.name === name);
			if (of !== row) return;
			const steps = task?.steps?.length > 0 ? task.steps.map(stepText) : [task?.reason ?? t('why.none')];
			const wrong = (task?.errors ?? []).map((e) => h('li.bad', `${errorText(e)}: `, h('b.num', t('error.count', { n: num(e.count), rate: rate(e.per_second) }))));
			list.replaceChildren(...steps.map((x) => h('li', x)), ...wrong);
			place(row);
			if (keep) el.scrollIntoView({ block: 'nearest' });
		} catch (x) {
			if (of === row) list.replaceChildren(h('li', x.message));
		}
	}

	function close() {
		if (!of) return;
		attr(of.button, 'aria-expanded', 'false');
		attr(of.button, 'aria-describedby', null);
		of = null;
		show(el, false);
	}
	return { el, id, open, close, get of() { return of; } };
}

// ---- a row ----

function errorsText(x) {
	return (x.errors ?? []).map((e) => `${errorText(e)}: ${num(e.count)}`).join('\n');
}

function row(task, lookAt, pastOf) {
	const share = h('b.num'), bar = meter('.share'), name = h('span.name', task.name), node = h('a.muted');
	const state = badge('state.task'), reason = h('span.muted.cause'), drain = drainButton('task', true);
	const button = h('button.share', { type: 'button', 'aria-expanded': 'false' }, share, bar.el);
	const cell = (key, c = '') => h(`span.cell.num${c}`, { 'data-label': t(`col.${key}`) });
	const past = spark('.past');
	const per = cell('rate'), inflight = cell('inflight'), p50 = cell('p50'), p99 = cell('p99'), wrong = cell('errors');
	const el = h('li.task', { 'data-task': task.name }, button, h('span.who', name, h('span.where', node, reason)), past.el, per, inflight, p50, p99, wrong,
		h('span.state', state.el), drain.el);
	const me = { el, button, name: task.name };

	lookAt(me);
	me.update = (x, most, from) => {
		past.set(pastOf(x.name), most, from);
		put(share, pct(x.share));
		bar.set(x.share);
		attr(button, 'aria-label', t('why.button', { name: x.name, share: pct(x.share) }));
		put(node, x.node);
		attr(node, 'href', href('nodes', x.node));
		put(per, rate(x.requests_per_second));
		put(inflight, num(x.inflight));
		put(p50, secs(x.p50_seconds));
		put(p99, secs(x.p99_seconds));
		put(wrong, rate(x.errors_per_second));
		cls(wrong, 'bad', x.errors_per_second > 0);
		attr(wrong, 'title', errorsText(x) || null);
		state.set(x.state);
		attr(el, 'data-share', x.share);
		attr(el, 'data-state', x.state);
		put(reason, x.why ? word('why', x.why) : x.errors?.[0] ? word('why', x.errors[0].why) : '');
		drain.set(x.name, x.state === 'draining');
	};
	return me;
}

// ---- all of it ----

export function flow(service, subs) {
	const list = h('ol'), fan = ribbons(), why = card(service);
	let rows = new Map(), timer = null, kept = false, most = 1, from = 0, tracks = new Map();
	const settle = steady();
	const look = () => { settle.now(); update(store.get('tasks')); };
	const again = () => { pages.first(); look(); };
	const pages = pager(PAGE, look);
	const words = search(t('tasks.search'), again);
	const by = choice(t('order'), Object.keys(ORDERS).map((k) => [k, t(`tasks.order.${k}`)]), again);

	function point(me, on) {
		fan.light(on ? [...rows.values()].indexOf(me) : -1);
	}

	// By mouse the card comes after a moment, and goes when the pointer has left both it and the share; a click keeps it.
	function lookAt(me) {
		const soon = (f, ms) => {
			clearTimeout(timer);
			timer = setTimeout(f, ms);
		};
		const open = (keep) => {
			if (why.of !== me) { why.close(); why.open(me, me.name, keep); }
			kept = keep;
		};
		const mouse = (f) => (e) => { if (e.pointerType === 'mouse' && !kept) f(); };

		me.el.addEventListener('pointerenter', () => point(me, true));
		me.el.addEventListener('pointerleave', () => point(me, false));
		me.button.addEventListener('pointerenter', mouse(() => soon(() => open(false), HOVER_MS)));
		me.button.addEventListener('pointerleave', mouse(() => soon(close, LEAVE_MS)));
		me.button.addEventListener('focus', () => { if (me.button.matches(':focus-visible')) soon(() => open(true), HOVER_MS); });
		me.button.addEventListener('blur', () => soon(close, LEAVE_MS));
		me.button.addEventListener('click', () => {
			clearTimeout(timer);
			if (kept && why.of === me) close();
			else open(true);
		});
	}

	function close() {
		kept = false;
		why.close();
	}
	why.el.addEventListener('pointerenter', () => clearTimeout(timer));
	why.el.addEventListener('pointerleave', () => { if (!kept) close(); });

	const set = keyed(list, (x) => x.name, (x) => {
		const me = row(x, lookAt, (name) => tracks.get(name)?.cols.share ?? []), update_ = me.update;
		me.update = (y) => update_(y, most, from);
		return me;
	});

	// What each task had in the last 15 minutes, on from now.
	function pastTake(mine) {
		for (const x of mine) {
			if (!tracks.has(x.name)) tracks.set(x.name, new Track(['rate', 'share']));
			tracks.get(x.name).add({ rate: x.requests_per_second, share: x.share });
		}
		from = mine.reduce((m, x) => Math.min(m, tracks.get(x.name).since()), Infinity);
		most = mine.reduce((m, x) => tracks.get(x.name).cols.share.reduce((a, v) => Math.max(a, v ?? 0), m), 0.001);
	}

	function update(all) {
		if (!all) return;
		const own = all.tasks.filter((x) => x.service === service);
		pastTake(own);
		const page = pages.of(settle(own.filter((x) => words.fits(x.name, x.node)), ORDERS[by.value], list.matches(':hover, :focus-within'))), open = why.of;
		if (open && !page.some((x) => x.name === open.name)) close();
		rows = set(page);
		fan.set(page);
		show(tools, own.length > TOOLS_FROM);
	}

	const tools = h('div.bar', { hidden: true }, words.el, by.el);
	const heads = ['share', 'task', 'past', 'rate', 'inflight', 'p50', 'p99', 'errors', 'state'];
	const el = h('section.flow', { on: { keydown: (e) => { if (e.key === 'Escape') close(); } } },
		h('div.head', h('h2', t('flow.title')), h('span.muted', t('flow.hint'))), tools,
		h('div.stage', h('div.heads', { 'aria-hidden': 'true' }, heads.map((k, i) => h(i > 2 && i < 8 ? 'span.r' : 'span', t(`col.${k}`)))), fan.el, h('div.tasks', list, why.el)), pages.el);
	const began = Date.now();
	subs.on('restarted', ({ at }) => { if (at > began) for (const x of tracks.values()) x.cut(); });
	subs.on('tasks', update);
	subs.add(() => clearTimeout(timer));
	tasksLoad(service).then((past) => { tracks = new Map([...tracks, ...past]); }, () => { /* the stream goes on without a past */ });
	return { el };
}
