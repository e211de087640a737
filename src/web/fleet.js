// fleet: the nodes as tiles, each as wide as it has cores. Only tiles in sight follow the numbers; the others catch up when
// they come into it.

import { h, put, attr, cls, show, style, keyed } from './dom.js';
import { t, num, pct, secs, word, tn, NONE } from './texts.js';
import { badge, coresBar, meter, trendSign } from './parts.js';
import { coresFree, isHot, href } from './model.js';

const DENSE = 40;			// nodes from which on tiles are small
const NARROW = 200;			// pixels by its cores below which a tile has no room for words
const FIRST = 120, MORE = 150;		// tiles at once of a large fleet: the others follow, a part at a time
const NEAR_AT_FIRST = 32;		// tiles that do not wait until they are known to be in sight

function load(kind) {
	const value = h('b.num');
	return { el: h('span', h(`i.box.${kind}`, { 'aria-hidden': 'true' }), h('span.word', `${t(`load.${kind}`)} `), value), set: (x) => put(value, num(x, 1)) };
}

// What is in a tile; `el` is the tile.
function content(el, name) {
	const hot = h('span.hot', t('nodes.hot')), cores = h('span.muted.num.many');
	const trend = trendSign(), state = badge('state.node'), bar = coresBar(), memory = meter();
	const ours = load('ours'), others = load('others'), free = load('free');
	const used = h('b.num'), pressure = h('b.num'), source = h('span.muted.num.from');
	el.replaceChildren(h('span.line', h('span.name', name), h('span.gap'), trend.el, cores), bar.el,
		h('span.line.loads', ours.el, others.el, free.el),
		h('span.line.facts', h('span', h('span.word', `${t('node.memory')} `), memory.el, ' ', used),
			h('span.wait', { title: t('node.pressure.hint') }, `${t('node.pressure')} `, pressure)),
		h('span.line', state.el, source, hot));

	return (n) => {
		put(cores, n.cores > 0 ? tn('node.cores', n.cores) : NONE);
		bar.set(n);
		ours.set(n.cores_ours);
		others.set(n.cores_others);
		free.set(coresFree(n));
		memory.set(n.memory_used);
		put(used, pct(n.memory_used));
		put(pressure, pct(n.pressure?.cpu));
		state.set(n.state);
		put(source, n.source === 'none' ? word('source', 'none') : t('node.source', { source: word('source', n.source), age: secs(n.age_seconds) }));
		trend.set(n.trend);
		show(hot, isHot(n));
	};
}

// A tile has its content from when it first comes into sight.
function tile(node, near, isNarrow) {
	const el = h('a.tile', { href: href('nodes', node.name), 'data-node': node.name }, h('span.name', node.name));
	const me = { el, near, late: null, fill: null };

	me.catchUp = () => {
		me.fill ??= content(el, node.name);
		me.fill(me.late);
		me.late = null;
	};
	me.update = (n) => {
		style(el, '--n', String(n.cores > 0 ? n.cores : 1));
		cls(el, 'is-hot', isHot(n));
		cls(el, 'narrow', isNarrow(n));
		for (const [name, value] of [['state', n.state], ['ours', n.cores_ours], ['others', n.cores_others], ['share', n.share]])
			attr(el, `data-${name}`, value);
		me.late = n;
		if (me.near) me.catchUp();
	};
	return me;
}

// Pixels per core, such that a rather small node of the fleet has room for its numbers, and the largest is not all there is.
function unit(nodes, small, large) {
	const cores = nodes.map((n) => (n.cores > 0 ? n.cores : 1)).sort((a, b) => a - b);
	return Math.min(small / (cores[Math.floor(cores.length / 4)] ?? 1), large / (cores.at(-1) ?? 1));
}

export function tiles() {
	const el = h('div.fleet'), parts = new Map();
	let pixels = 1, limit = FIRST, timer = null;
	const seen = new IntersectionObserver((list) => {
		for (const e of list) {
			const p = parts.get(e.target);
			if (!p) continue;
			p.near = e.isIntersecting;
			if (p.near && p.late) p.catchUp();
		}
	}, { rootMargin: '200px' });

	const set = keyed(el, (n) => n.name, (node) => {
		const me = tile(node, parts.size < NEAR_AT_FIRST, (n) => n.cores * pixels < NARROW);
		me.end = () => {
			seen.unobserve(me.el);
			parts.delete(me.el);
		};
		parts.set(me.el, me);
		seen.observe(me.el);
		return me;
	});

	function showSome(nodes) {
		clearTimeout(timer);
		set(nodes.slice(0, limit));
		limit = Math.max(FIRST, Math.min(limit, nodes.length));
		if (limit >= nodes.length) return;
		timer = setTimeout(() => {
			limit += MORE;
			showSome(nodes);
		});
	}

	return {
		el,
		set(nodes) {
			const dense = nodes.length > DENSE;
			pixels = dense ? unit(nodes, 112, 300) : unit(nodes, 172, 560);
			style(el, '--unit', `${pixels.toFixed(1)}px`);
			cls(el, 'dense', dense);
			showSome(nodes);
		},
		end() {
			clearTimeout(timer);
			seen.disconnect();
		},
	};
}
