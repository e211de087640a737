// app: the start, the frame around the views, the address, the theme.

import { h, put, attr, cls, show } from './dom.js';
import * as store from './store.js';
import * as api from './api.js';
import { textsLoad, t, secs, time } from './texts.js';
import { pastStart } from './past.js';
import { login } from './dialog.js';
import { say, sayStart } from './say.js';
import { views } from './views.js';
import { href } from './model.js';

const THEME = 'mola.theme', THEMES = ['auto', 'light', 'dark'];
const QUIET_MS = 5000;			// without news: the numbers are old
const GRACE_MS = 2500;			// a reload ends the stream, too, and it is there again at once

const dark = matchMedia('(prefers-color-scheme: dark)');
let shown = null, wasOld = false, main, links, banner, chip;

// ---- the theme ----

function themeGet() {
	try {
		return localStorage.getItem(THEME) ?? 'auto';
	} catch {
		return 'auto';
	}
}

function themeSet(theme) {
	document.documentElement.dataset.theme = theme === 'auto' ? dark.matches ? 'dark' : 'light' : theme;
	try {
		localStorage.setItem(THEME, theme);
	} catch { /* it lasts as long as the page */ }
	store.set('theme', theme);
}

function themeButton() {
	const sign = h('span', { 'aria-hidden': 'true' }), el = h('button.icon', { type: 'button' }, sign);
	el.addEventListener('click', () => themeSet(THEMES[(THEMES.indexOf(store.get('theme')) + 1) % THEMES.length]));
	store.subscribe('theme', (theme) => {
		put(sign, { auto: '◐', light: '☀', dark: '☾' }[theme]);
		attr(el, 'aria-label', t('theme.label', { theme: t(`theme.${theme}`) }));
		attr(el, 'title', t('theme.label', { theme: t(`theme.${theme}`) }));
	});
	return el;
}

// ---- the address ----

function addressRead() {
	const [id = '', ...params] = location.hash.replace(/^#\/?/, '').split('/').filter((x) => x !== '').map((x) => {
		try {
			return decodeURIComponent(x);
		} catch {
			return x;
		}
	});
	return { view: views.find((v) => v.id === id) ?? views[0], params };
}

function viewShow(focus) {
	const { view, params } = addressRead();

	shown?.unmount();
	shown = view;
	api.topicsNeed(view.topics?.(params) ?? []);
	const root = h('div.view', { 'data-view': view.id || 'overview' });
	main.replaceChildren(root);
	view.mount(root, params);
	document.title = [params[0], t(view.title), 'Mola'].filter(Boolean).join(' · ');
	for (const [v, a] of links) {
		attr(a, 'aria-current', v === view ? 'page' : null);
		if (v === view) a.parentNode.scrollLeft = a.offsetLeft - a.parentNode.clientWidth / 2;
	}
	if (!focus) return;
	scrollTo(0, 0);
	main.focus({ preventScroll: true });
}

function viewLink(v) {
	const count = h('span.count.num', { hidden: true });
	const a = h('a', { href: href(...[v.id].filter(Boolean)) }, t(v.title), count);
	if (v.topic)
		store.subscribe(v.topic, () => {
			const n = v.count();
			show(count, n > 0);
			put(count, String(n));
		});
	return [v, a];
}

// ---- the connection ----

function connectionText(c, quiet) {
	if (c === undefined) return t('connection.first');
	if (c.state === 'lost') return [t(c.why === 'login' ? 'connection.login' : 'connection.lost', { time: quiet }), c.text].filter(Boolean).join(' ');
	return t('connection.quiet', { time: quiet });
}

// Once a second: how long there was no news.
function connectionLook() {
	const c = store.get('connection'), seen = store.get('seen');
	const period = 1000 * (store.get('brain')?.period_seconds ?? 1);
	const quiet = seen ? Date.now() - seen : 0;
	const old = quiet > Math.max(QUIET_MS, 3.5 * period) || (c?.state === 'lost' && (c.why === 'login' || quiet > GRACE_MS || !seen));

	if (old && !wasOld && c?.why !== 'login') say(t('connection.lost.said'));
	wasOld = old;

	cls(document.body, 'old', old && store.get('nodes') !== undefined);
	attr(document.documentElement, 'data-connection', old ? (c?.state === 'lost' ? 'lost' : 'stale') : c ? 'live' : 'connecting');
	attr(chip, 'data-tone', old ? 'bad' : c ? 'good' : 'quiet');
	put(chip.lastChild, t(old ? 'connection.off' : c ? 'connection.live' : 'connection.connecting'));
	show(banner, old);
	if (!old) return;
	put(banner.firstChild, connectionText(c, secs(Math.floor(quiet / 1000))));
	show(banner.lastChild, c?.why === 'login');
}

function connectionStart() {
	store.subscribe('connection', connectionLook);
	store.subscribe('restarted', ({ at }) => say(t('connection.restarted', { time: time(at) })));
	setInterval(connectionLook, 1000);
}

// ---- the frame ----

function sessionButton() {
	const el = h('button.quiet', { type: 'button' }, t('login.in'));
	el.addEventListener('click', () => (api.loggedIn() ? api.logOut() : login(store.get('session')?.read ? 'write' : 'read')));
	store.subscribe('session', (s) => {
		if (s.unknown) say(t('login.wrong.token'));
		put(el, t(api.loggedIn() ? 'login.out' : 'login.in'));
		attr(el, 'title', s.user ? t('login.as', { name: s.user }) : t(s.write ? 'login.may.write' : s.read ? 'login.may.read' : 'login.may.nothing'));
	});
	return el;
}

function frame() {
	links = views.map(viewLink);
	main = h('main', { id: 'main', tabindex: '-1' });
	chip = h('span.badge.chip', h('span.sign', { 'aria-hidden': 'true' }, '●'), h('span'));
	banner = h('div.banner', { hidden: true }, h('span'), h('button', { type: 'button', on: { click: () => login('read') } }, t('login.in')));
	const version = h('span');
	store.subscribe('brain', (b) => put(version, `Mola ${b.version ?? ''}`));
	document.body.replaceChildren(
		h('a.skip', { href: '#main', on: { click: (e) => { e.preventDefault(); main.focus(); } } }, t('skip')),
		h('header.top', h('a.brand', { href: '#/' }, h('img', { src: '/web/icon.svg', alt: '', width: 24, height: 24 }), 'Mola'),
			h('nav', { 'aria-label': t('nav.label') }, links.map((x) => x[1])),
			h('div.tools', chip, sessionButton(), themeButton())),
		banner, main, h('footer', version, h('a', { href: '/api' }, t('footer.api')), h('a', { href: '/metrics' }, t('footer.metrics'))));
	sayStart(document.body);
}

async function start() {
	api.tokenFromAddress();
	themeSet(themeGet());
	dark.addEventListener('change', () => themeSet(themeGet()));
	await textsLoad();
	frame();
	api.onLogin(login);
	connectionStart();
	pastStart();
	addEventListener('hashchange', () => {
		if (api.tokenFromAddress()) api.sessionLoad().catch(() => { /* the stream asks again */ }).then(api.reconnect);
		viewShow(true);
	});
	viewShow(false);
	api.streamStart();
}

start();
