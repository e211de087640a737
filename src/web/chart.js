// chart: 15 minutes as lines or areas, by uPlot. The legend has the values under the pointer, or the last ones.

import { h, svg, put, attr, show } from './dom.js';
import * as store from './store.js';
import { t, minute, NONE } from './texts.js';
import { sinceOf } from './past.js';

const HEIGHT = 168;

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// uPlot paints on a canvas, which knows no light-dark(): what a property comes to is found by an element that has it.
function paint(name) {
	const probe = h('span.probe', { style: { color: `var(${name})` } });
	document.body.append(probe);
	const c = getComputedStyle(probe).color;
	probe.remove();
	return c || colour(name);
}

function hatch(c) {
	const tile = document.createElement('canvas'), ratio = devicePixelRatio || 1, n = Math.round(7 * ratio);
	tile.width = tile.height = n;
	const x = tile.getContext('2d');
	x.strokeStyle = c;
	x.lineWidth = 1.6 * ratio;
	x.beginPath();
	for (const d of [-n, 0, n]) { x.moveTo(d, n); x.lineTo(d + n, 0); }
	x.stroke();
	return x.createPattern(tile, 'repeat');
}

function clear(c) {
	const m = c.match(/\d+(\.\d+)?/g);
	return m ? `rgba(${m[0]}, ${m[1]}, ${m[2]}, .16)` : c;
}

// A series: {key, label, color: '--ours', fill: 'solid' | 'hatch' | undefined, dash: [4, 4], stack: true: on those before}.
function lineOf(s) {
	const c = paint(s.color);
	return { label: s.label, stroke: c, width: 1.6, dash: s.dash, points: { show: false }, spanGaps: false,
		fill: s.fill === 'hatch' ? () => hatch(c) : s.fill ? clear(c) : undefined };
}

function axes(format, steps) {
	const ink = paint('--muted'), line = paint('--line');
	const font = '11px system-ui, sans-serif';
	return [
		{ stroke: ink, font, grid: { show: false }, ticks: { stroke: line, width: 1, size: 4 }, size: 26,
			values: (_, ticks) => ticks.map((x) => minute(x * 1000)), space: 64, incrs: [60, 120, 180, 300, 600] },
		{ stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 52, gap: 4,
			values: (_, ticks) => ticks.map((x) => format(x)), space: 32, incrs: steps },
	];
}

function swatch(s) {
	return svg('svg.swatch', { viewBox: '0 0 14 10', 'aria-hidden': 'true' },
		svg('line', { x1: 0, x2: 14, y1: 5, y2: 5, style: { stroke: `var(${s.color})` }, 'stroke-width': 2.5,
			'stroke-dasharray': s.dash ? '4 3' : null }));
}

// What was seen, in words: a canvas says nothing to who cannot see it.
function summary(title, series, cols, format) {
	const parts = series.map((s) => {
		const known = cols[s.key].filter((x) => x !== null);
		if (known.length === 0) return `${s.label}: ${NONE}`;
		return t('chart.summary', { label: s.label, now: format(cols[s.key].at(-1)), most: format(Math.max(...known)) });
	});
	return `${title}: ${parts.join('; ')}`;
}

// {title, series, format, top(): the least upper end of the axis, steps: of its ticks, sync: charts of the same name share
// the pointer}. set(track) shows it.
export function chart({ title, series, format, top, sync, steps }) {
	const values = series.map(() => h('b.num', NONE));
	const box = h('div.plot', { role: 'img' });
	const el = h('figure.chart', h('figcaption', h('span.title', title),
		h('span.legend', series.map((s, i) => h('span.key', swatch(s), `${s.label} `, values[i])))), box);
	let plot = null, track = null, said = 0, from = 0;

	function legend() {
		const at = typeof plot?.cursor.idx === 'number' ? from + plot.cursor.idx : track.xs.length - 1;
		series.forEach((s, i) => put(values[i], format(track.cols[s.key][at] ?? null)));
	}

	function data() {
		let base = null;
		from = track.since();
		return [track.xs.slice(from), ...series.map((s) => {
			const c = track.cols[s.key].slice(from);
			if (!s.stack) {
				base = c;
				return c;
			}
			base = c.map((x, i) => (x === null || base === null ? x : x + (base[i] ?? 0)));
			return base;
		})];
	}

	function build() {
		if (plot) plot.destroy();
		const bands = series.flatMap((s, i) => (s.stack ? [{ series: [i + 1, i] }] : []));
		plot = new window.uPlot({
			width: Math.max(120, box.clientWidth), height: HEIGHT, legend: { show: false }, bands, axes: axes(format, steps),
			cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 }, sync: sync ? { key: sync } : undefined },
			scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(most * 1.08, top?.() ?? 0) || 1] } },
			series: [{}, ...series.map(lineOf)], hooks: { setCursor: [legend] }, padding: [8, 16, 0, 0],
		}, data(), box);
	}

	const sized = new ResizeObserver(() => {
		if (plot && box.clientWidth > 0) plot.setSize({ width: box.clientWidth, height: HEIGHT });
	});
	sized.observe(box);
	const themed = store.subscribe('theme', () => { if (plot) build(); });

	return {
		el,
		set(next) {
			track = next;
			if (plot) plot.setData(data());
			else if (box.isConnected) build();
			legend();
			if (Date.now() - said < 10000) return;
			said = Date.now();
			attr(box, 'aria-label', summary(title, series, track.cols, format));
		},
		end() {
			sized.disconnect();
			themed();
			plot?.destroy();
			plot = null;
		},
	};
}

// A line without axes, for a card or a row: an SVG of its own size.
export function spark(kind = '') {
	const line = svg('path.line'), area = svg('path.area');
	const el = svg(`svg.spark${kind}`, { viewBox: '0 0 100 24', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, area, line);
	return {
		el,
		set(all, top = 0, from = sinceOf(all.findIndex((x) => x !== null), all.length)) {
			const values = all.slice(from);
			show(el, values.some((x) => x > 0));
			const most = Math.max(top, ...values.map((x) => x ?? 0)) || 1, last = values.length - 1;
			let d = '', fill = '', begin = null;
			values.forEach((v, i) => {
				if (v === null) {
					if (begin !== null) fill += `V24H${begin}Z`;
					begin = null;
					return;
				}
				const x = (i * 100 / last).toFixed(1), at = `${x} ${(23 - 21 * v / most).toFixed(1)}`;
				d += `${begin === null ? 'M' : 'L'}${at}`;
				fill += begin === null ? `M${x} 24L${at}` : `L${at}`;
				begin ??= x;
			});
			attr(line, 'd', d);
			attr(area, 'd', begin === null ? fill : `${fill}V24H${begin}Z`);
		},
	};
}
