// parts: what several views are made of. Each is {el, set(...)}: made once, then only what changed.

import { h, svg, put, attr, cls, show, style } from './dom.js';
import { t, has, word, NONE } from './texts.js';
import { TONES, SIGNS } from './model.js';
import { confirm } from './dialog.js';
import { write } from './api.js';
import { say } from './say.js';

// A state in words, with a sign: set(code, family of words).
export function badge(family) {
	const sign = h('span.sign', { 'aria-hidden': 'true' }), text = h('span');
	const el = h('span.badge', sign, text);
	return {
		el,
		set(code, tone = TONES[code] ?? 'quiet') {
			put(sign, SIGNS[tone]);
			put(text, word(family, code));
			attr(el, 'data-tone', tone);
		},
	};
}

// Which way the load goes: an arrow up or down, none when it is steady.
export function trendSign() {
	const el = svg('svg.trend', { viewBox: '0 0 12 12', role: 'img', hidden: true }, svg('path', { d: 'M2 10L10 2M4.5 2H10V7.5' }));
	return {
		el,
		set(trend) {
			show(el, trend === 'rising' || trend === 'falling');
			attr(el, 'data-trend', trend ?? null);
			attr(el, 'aria-label', trend ? word('trend', trend) : null);
		},
	};
}

// Why requests failed, in this language where it has the words.
export function errorText(e) {
	const text = has(`why.${e.why}`) ? word('why', e.why) : e.text;
	return e.status ? `${text} (${e.status})` : text;
}

// A number that matters: set(value, what stands below, tone).
export function figure(label, extra = null, to = null) {
	const value = h('span.value', NONE), below = h('span.below');
	const el = h(to ? 'a.figure' : 'div.figure', to ? { href: to } : {}, h('span.label', label), value, below, extra);
	return {
		el,
		set(text, under = '', tone = null) {
			put(value, text);
			put(below, under);
			attr(el, 'data-tone', tone);
		},
	};
}

// The cores of a node: what Mola's requests use, what others use, what is free.
export function coresBar() {
	const ours = h('i.ours'), others = h('i.others'), cut = h('i.cut');
	const el = h('div.cores', { 'aria-hidden': 'true' }, ours, others, cut);
	const part = (x, of) => `${Math.min(100, 100 * Math.max(0, x ?? 0) / of).toFixed(1)}%`;
	return {
		el,
		set(n) {
			const of = n.cores > 0 ? n.cores : 1;
			style(ours, 'width', part(n.cores_ours, of));
			style(others, 'width', part(n.cores_others, of));
			style(el, '--cores', String(Math.min(64, Math.max(1, Math.round(of)))));
			cls(el, 'unknown', n.cores_ours === null || !(n.cores > 0));
		},
	};
}

// A thin measure from 0 to 1.
export function meter(kind = '') {
	const fill = h('i');
	const el = h(`span.meter${kind}`, { 'aria-hidden': 'true' }, fill);
	return {
		el,
		set(x) {
			style(fill, 'width', `${(100 * Math.min(1, Math.max(0, x ?? 0))).toFixed(1)}%`);
			cls(el, 'unknown', x === null || x === undefined);
		},
	};
}

export function legend() {
	return h('ul.legend', ['ours', 'others', 'free'].map((k) => h('li', h(`i.box.${k}`, { 'aria-hidden': 'true' }), t(`load.${k}`))));
}

// Nothing there, and what to do next.
export function empty(title, ...texts) {
	return h('div.empty', svg('svg', { viewBox: '0 0 48 24', 'aria-hidden': 'true' },
		svg('path', { d: 'M4 20V9M12 20V5M20 20v-8M28 20V7M36 20v-6M44 20V3' })), h('h2', title), texts.map((x) => h('p', x)));
}

export function notice(tone) {
	const sign = h('span.sign', { 'aria-hidden': 'true' }, SIGNS[tone]), text = h('span');
	const el = h('p.notice', { 'data-tone': tone, hidden: true }, sign, text);
	return {
		el,
		set(what) {
			show(el, Boolean(what));
			if (what) put(text, what);
		},
	};
}

// Drains or undrains, when the user confirms. kind: node or task.
export async function drainAsk(kind, name, drain) {
	let pending = false;
	const key = drain ? 'drain' : 'undrain';
	const done = await confirm({
		title: t(`${key}.title.${kind}`, { name }), text: t(`${key}.text.${kind}`, { name }), action: t(`${key}.action`),
		danger: drain,
		run: async () => {
			const r = await write('/api/v1/drain', { [kind]: name, drain });
			if (r === null) return t('login.need.write');
			pending = r.pending;
			return true;
		},
	});
	if (done) say(t(pending ? 'drain.pending' : `${key}.done`, { name }));
	return done;
}

// A button that does so: set(name, drained).
export function drainButton(kind, small = false) {
	let name = '', drained = false;
	const el = h(small ? 'button.small.drain' : 'button.drain', { type: 'button', on: { click: () => drainAsk(kind, name, !drained) } });
	return {
		el,
		set(n, d) {
			name = n;
			drained = d;
			put(el, t(d ? 'undrain.action' : 'drain.action'));
			attr(el, 'data-action', d ? 'undrain' : 'drain');
			attr(el, `data-${kind}`, n);
			attr(el, 'aria-label', t(d ? 'undrain.of' : 'drain.of', { name: n }));
		},
	};
}

// A list in pages: set(items) shows the one of them that is open.
export function pager(size, change) {
	let page = 0, pages = 1;
	const at = h('span.num');
	const move = (by) => () => {
		page = Math.min(pages - 1, Math.max(0, page + by));
		change();
	};
	const back = h('button.small', { type: 'button', on: { click: move(-1) } }, t('pages.back'));
	const next = h('button.small', { type: 'button', on: { click: move(1) } }, t('pages.next'));
	const el = h('nav.pages', { 'aria-label': t('pages.label'), hidden: true }, back, at, next);
	return {
		el,
		of(items) {
			pages = Math.max(1, Math.ceil(items.length / size));
			page = Math.min(page, pages - 1);
			show(el, pages > 1);
			put(at, t('pages.at', { from: page * size + 1, to: Math.min(items.length, page * size + size), of: items.length }));
			back.disabled = page === 0;
			next.disabled = page === pages - 1;
			return items.slice(page * size, page * size + size);
		},
		first() { page = 0; },
	};
}

// Words that are looked for in names.
export function search(label, change) {
	const input = h('input', { type: 'search', placeholder: label, 'aria-label': label, spellcheck: 'false',
		on: { input: () => change() } });
	return {
		el: input,
		fits(...texts) {
			const want = input.value.trim().toLowerCase();
			return want === '' || texts.some((x) => String(x ?? '').toLowerCase().includes(want));
		},
	};
}

// One of some values: options are [value, text].
export function choice(label, options, change) {
	const select = h('select', { on: { change: () => change(select.value) } }, options.map(([v, text]) => h('option', { value: v }, text)));
	return { el: h('label.choice', h('span', label), select), get value() { return select.value; } };
}
