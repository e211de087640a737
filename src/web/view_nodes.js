// view_nodes: the fleet, to look for and to order; #/nodes/NAME is one node.

import { h, put, show } from './dom.js';
import * as store from './store.js';
import { t, num } from './texts.js';
import { legend, empty, search, choice } from './parts.js';
import { steady, NODE_ORDERS, isHot } from './model.js';
import { tiles } from './fleet.js';
import { nodeMount } from './view_node.js';

let subs = null;

const FILTERS = {
	all: () => true,
	hot: isHot,
	trouble: (n) => n.state !== 'fresh',
};

function mountList(root) {
	const grid = tiles(), none = empty(t('nodes.empty.title'), t('nodes.empty.text'), t('nodes.empty.next'));
	const nothing = h('p.muted', { role: 'status', hidden: true }, t('nothing.fits')), n = h('span.muted.num');
	const settle = steady(), look = () => { settle.now(); update(store.get('nodes')); };
	const words = search(t('nodes.search'), look);
	const order = choice(t('order'), Object.keys(NODE_ORDERS).map((k) => [k, t(`nodes.order.${k}`)]), look);
	const which = choice(t('show'), Object.keys(FILTERS).map((k) => [k, t(`nodes.show.${k}`)]), look);
	const bar = h('div.bar', words.el, which.el, order.el, n);

	function update(all) {
		if (!all) return;
		const list = settle(all.nodes.filter((x) => FILTERS[which.value](x) && words.fits(x.name, x.address)), NODE_ORDERS[order.value],
			grid.el.matches(':hover, :focus-within'));
		grid.set(list);
		put(n, list.length === all.nodes.length ? num(list.length) : t('of', { n: num(list.length), all: num(all.nodes.length) }));
		show(none, all.nodes.length === 0);
		show(bar, all.nodes.length > 0);
		show(nothing, all.nodes.length > 0 && list.length === 0);
	}

	show(none, false);
	root.append(h('div.head', h('h1', t('nodes.title')), legend()), bar, none, nothing, grid.el);
	subs.on('nodes', update);
	subs.add(grid.end);
}

export const view = {
	id: 'nodes',
	title: 'nodes.title',
	topics: (params) => (params.length > 0 ? ['tasks'] : []),
	mount(root, [name]) {
		subs = store.subscriptions();
		if (name === undefined) mountList(root);
		else nodeMount(root, name, subs);
	},
	unmount() {
		subs.end();
	},
};
