// view_targets: the external proxies that Mola configures: what was published, and whether they have it.

import { h, keyed, put, show } from './dom.js';
import * as store from './store.js';
import { write } from './api.js';
import { confirm } from './dialog.js';
import { t, secs, pct, num } from './texts.js';
import { badge, empty, notice } from './parts.js';
import { say } from './say.js';
import { because, cells, facts, table } from './pieces.js';

// Nothing is published any more to a target that was withdrawn, until it is resumed. `does`: what that removes.
async function ask(verb, name, does, danger) {
	const done = await confirm({ title: t(`targets.${verb}.title`, { name }), text: [t(`targets.${verb}.text`), ...does], danger,
		action: t(`targets.${verb}`), run: async () => await write(`/api/v1/targets/${verb}`, { target: name }) !== null || t('login.need.write') });
	if (done) say(t(`targets.${verb}.done`, { name }));
}

async function withdraw(name) {
	try {
		const plan = await write('/api/v1/targets/withdraw', { target: name, dry_run: true });
		if (plan !== null) await ask('withdraw', name, plan.does, true);
	} catch (e) {
		say(e.message);
	}
}

function server() {
	const c = cells('', '', '', '.num', '.num', '.num', '');
	return { el: h('tr', c), update(s) {
		put(c[0], s.task);
		put(c[1], s.node);
		put(c[2], s.address);
		put(c[3], pct(s.share));
		put(c[4], num(s.weight));
		put(c[5], num(s.has_weight));
		put(c[6], s.draining ? t('targets.draining') : s.has_state ?? '');
	} };
}

const service = (target) => (s) => {
	const t_ = table(t('targets.servers', { name: s.name, target }), [[t('targets.task')], [t('targets.node')], [t('targets.address')],
		[t('targets.share'), 'num'], [t('targets.weight'), 'num'], [t('targets.has_weight'), 'num'], [t('targets.has_state')]]);
	const set = keyed(t_.body, (x) => x.task, server);
	return { el: h('section', h('h3', s.name), t_.el), update: (now) => set(now.servers) };
};

const ago = (seconds) => (seconds === null ? null : t('targets.ago', { age: secs(seconds) }));

function factsOf(x) {
	return { kind: x.kind, policy: x.policy, how: x.how, published: ago(x.published_seconds) ?? t('targets.never'),
		looked: ago(x.looked_seconds), count: num(x.publications), failures: x.failures > 0 ? num(x.failures) : null, file: x.file,
		notes: [...(x.notes ?? []), ...(x.withheld ?? []).map((w) => `${w.service}: ${w.text}`)].join('; ') };
}

function card({ name }) {
	const state = badge('state.target'), wrong = notice('bad'), waits = notice('quiet'), differs = notice('bad'), services = h('div');
	const what = facts({ kind: t('targets.kind'), policy: t('targets.policy'), how: t('targets.how'), published: t('targets.published'),
		looked: t('targets.looked'), count: t('targets.publications'), failures: t('targets.failures'), file: t('targets.file'),
		notes: t('targets.notes') });
	const set = keyed(services, (s) => s.name, service(name));
	const away = h('button', { type: 'button', 'data-action': 'withdraw', on: { click: () => withdraw(name) } }, t('targets.withdraw'));
	const back = h('button', { type: 'button', 'data-action': 'resume', on: { click: () => ask('resume', name, [], false) } }, t('targets.resume'));
	return {
		el: h('li.thing', { 'data-target': name }, h('div.head', h('h2', name), state.el), wrong.el, waits.el, differs.el, what.el, services,
			h('div.buttons', away, back)),
		update(x) {
			state.set(x.state);
			wrong.set(x.state === 'waiting' ? null : because(x.text, x.detail));
			waits.set(x.state === 'waiting' ? because(x.text, x.detail) : null);
			differs.set(x.taken === false ? because(x.taken_text, x.taken_detail) : null);
			what.set(factsOf(x));
			set(x.services);
			const gone = x.state === 'withdrawn' || x.state === 'withdrawing';
			show(away, !gone);
			show(back, gone);
		},
	};
}

let subs = null;

export const view = {
	id: 'targets',
	title: 'targets.title',
	mount(root) {
		const list = h('ul.things.wide'), none = empty(t('targets.none'), t('targets.none.text'));
		const set = keyed(list, (x) => x.name, card);

		show(none, false);
		root.append(h('h1', t('targets.title')), none, list);
		subs = store.subscriptions();
		subs.on('targets', ({ targets }) => {
			set(targets);
			show(none, targets.length === 0);
		});
	},
	unmount() {
		subs.end();
	},
};
