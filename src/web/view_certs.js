// view_certs: the certificates that clients get, how long they are valid, and what is wrong with them.

import { h, keyed, put, attr, show } from './dom.js';
import * as store from './store.js';
import { write } from './api.js';
import { confirm } from './dialog.js';
import { t, tn, date, secs, num } from './texts.js';
import { badge, empty, notice } from './parts.js';
import { say } from './say.js';
import { because, cells, facts, table } from './pieces.js';

const SECONDS_OF_DAY = 86400, SOON_DAYS = 14;

function expiry(seconds) {
	if (seconds === null) return t('certs.no_expiry');
	const days = Math.floor(seconds / SECONDS_OF_DAY);
	return seconds < 0 ? tn('certs.expired', Math.floor(-seconds / SECONDS_OF_DAY)) : tn('certs.expires', days);
}

async function renew(c) {
	const name = c.names[0] ?? c.id;
	const done = await confirm({ title: t('certs.renew.title', { name }), text: t('certs.renew.text'), action: t('certs.renew'),
		run: async () => await write('/api/v1/certs/renew', { certificate: c.id }) !== null || t('login.need.write') });
	if (done) say(t('certs.renew.done', { name }));
}

function factsOf(c) {
	return { names: c.names.join(', '), source: c.file ?? c.source, issuer: c.issuer, until: c.not_after && date(c.not_after),
		renew: c.renew && date(c.renew), key: c.key, serial: c.serial, failures: c.failures > 0 ? num(c.failures) : null };
}

function card(c) {
	const title = h('h2'), state = badge('state.cert'), days = h('p.value'), wrong = notice('bad'), doubt = notice('warn');
	const what = facts({ names: t('certs.names'), source: t('certs.source'), issuer: t('certs.issuer'), until: t('certs.until'),
		renew: t('certs.renews'), key: t('certs.key'), serial: t('certs.serial'), failures: t('certs.failures') });
	const fixed = h('p.muted.small', t('certs.of_file'));
	const button = h('button', { type: 'button', 'data-action': 'renew', on: { click: () => renew(c) } }, t('certs.renew'));
	return {
		el: h('li.thing', { 'data-certificate': c.id }, h('div.head', title, state.el), days, wrong.el, doubt.el, what.el, fixed, button),
		update(now) {
			c = now;
			put(title, now.names[0] ?? now.id);
			state.set(now.state);
			put(days, expiry(now.expires_seconds));
			attr(days, 'data-tone', now.expires_seconds === null || now.expires_seconds > SOON_DAYS * SECONDS_OF_DAY ? null : 'warn');
			wrong.set(because(now.text, now.detail));
			doubt.set(now.warning);
			what.set(factsOf(now));
			show(button, now.source !== 'file');
			show(fixed, now.source === 'file');
		},
	};
}

// The CAs for certificates of clients, with the fields of a certificate that they lack.
const authority = (a) => ({ names: [], source: 'file', renew: null, issuer: null, key: null, serial: null, not_after: null,
	expires_seconds: null, warning: null, ...a });

function handshakes() {
	const t_ = table(t('certs.handshakes'), [[t('certs.host')], [t('certs.why')], [t('certs.count'), 'num'], [t('certs.age'), 'num']]);
	const set = keyed(t_.body, (f) => `${f.host} ${f.why}`, () => {
		const c = cells('', '', '.num', '.num');
		return { el: h('tr', c), update(f) {
			put(c[0], f.host === '' ? t('certs.no_host') : f.host);
			put(c[1], f.text);
			put(c[2], num(f.count));
			put(c[3], secs(f.age_seconds));
		} };
	});
	return { el: h('section', h('h2', t('certs.handshakes')), t_.el), set };
}

let subs = null;

export const view = {
	id: 'certs',
	title: 'certs.title',
	mount(root) {
		const list = h('ul.things'), none = empty(t('certs.none'), t('certs.none.text')), clock = notice('bad'), failed = handshakes();
		const set = keyed(list, (c) => c.id, card);

		show(none, false);
		show(failed.el, false);
		root.append(h('h1', t('certs.title')), clock.el, none, list, failed.el);
		subs = store.subscriptions();
		subs.on('certs', (certs) => {
			const all = [...certs.certificates, ...certs.authorities.map(authority)];
			set(all);
			show(none, all.length === 0);
			clock.set(certs.clock_wrong ? t('certs.clock_wrong') : null);
			show(failed.el, certs.handshakes_failed.length > 0);
			failed.set(certs.handshakes_failed);
		});
	},
	unmount() {
		subs.end();
	},
};
