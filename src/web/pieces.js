// pieces: what the views of lists are made of, beside parts.js: icons of kinds, facts by name, tables that scroll by themselves.

import { h, svg, put, show } from './dom.js';
import { NONE } from './texts.js';

// Drawn with lines, of 16 by 16.
const SHAPES = {
	node: ['M2 3h12v4H2z', 'M2 9h12v4H2z', 'M4.5 5h.1', 'M4.5 11h.1'],
	task: ['M3 3h10v10H3z', 'M6 6h4v4H6z'],
	service: ['M8 2l5.5 3v6L8 14l-5.5-3V5z', 'M2.5 5L8 8l5.5-3', 'M8 8v6'],
	table: ['M2 3h12v10H2z', 'M2 6.5h12', 'M2 10h12', 'M6.5 3v10'],
	move: ['M2 8h11', 'M9.5 4.5L13 8l-3.5 3.5'],
	target: ['M1.5 8a6.5 6.5 0 1013 0 6.5 6.5 0 10-13 0', 'M5 8a3 3 0 106 0 3 3 0 10-6 0'],
	certificate: ['M4 7h8v7H4z', 'M5.5 7V5a2.5 2.5 0 015 0v2'],
	config: ['M3 2h7l3 3v9H3z', 'M5.5 8h5', 'M5.5 11h5'],
	swarm: ['M6 2h4v4H6z', 'M2 10h4v4H2z', 'M10 10h4v4h-4z', 'M8 6v2', 'M4 10V8h8v2'],
	mola: ['M1 8h3l2-5 3 10 2-5h4'],
};

export function icon(kind) {
	return svg('svg.icon', { viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' },
		(SHAPES[kind] ?? SHAPES.mola).map((d) => svg('path', { d })));
}

// Names and values; set({key: text}): what has no value is not shown.
export function facts(names) {
	const rows = Object.entries(names).map(([key, name]) => ({ key, value: h('dd'), el: h('div', h('dt', name)) }));
	for (const r of rows) r.el.append(r.value);
	return {
		el: h('dl.facts', rows.map((r) => r.el)),
		set(values) {
			for (const r of rows) {
				const v = values[r.key];
				put(r.value, v ?? NONE);
				show(r.el, v !== null && v !== undefined && v !== '');
			}
		},
	};
}

// Keyboards scroll what has the focus. heads: [text, class].
export function table(caption, heads) {
	const body = h('tbody');
	return {
		body,
		el: h('div.scroll', { tabindex: '0', role: 'region', 'aria-label': caption },
			h('table', h('thead', h('tr', heads.map(([text, c]) => h(c ? `th.${c}` : 'th', { scope: 'col' }, text)))), body)),
	};
}

export function cells(...classes) {
	return classes.map((c, i) => h(`${i === 0 ? 'th' : 'td'}${c}`, i === 0 ? { scope: 'row' } : {}));
}

// What is wrong, with the program's own words behind it.
export const because = (...texts) => texts.filter(Boolean).join(': ');
