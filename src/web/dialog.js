// dialog: what wants an answer before the page goes on: a confirmation, a login. Esc closes, the focus goes back.

import { h, put, show } from './dom.js';
import { t } from './texts.js';
import { logIn, bearer, basic } from './api.js';
import * as store from './store.js';

let serial = 0;

// Resolves with what `done` gets, or null when it is closed.
function open(title, build) {
	return new Promise((resolve) => {
		const id = `dialog-${++serial}`, back = document.activeElement;
		let result = null;
		const el = h('dialog', { 'aria-labelledby': id });
		const done = (value) => {
			result = value;
			el.close();
		};
		el.append(h('h2', { id }, title), ...build(done));
		el.addEventListener('close', () => {
			el.remove();
			if (back?.isConnected) back.focus();
			resolve(result);
		});
		el.addEventListener('click', (e) => { if (e.target === el) el.close(); });
		document.body.append(el);
		el.showModal();
	});
}

function buttons(done, label, danger) {
	return h('div.buttons', done && h('button', { type: 'button', on: { click: () => done(null) } }, t('dialog.cancel')),
		h(danger ? 'button.primary.danger' : 'button.primary', { type: 'submit' }, label));
}

// The content, and what Enter and the button do: run() resolves with true to close, or with a text to show.
function form(done, label, danger, run, content, cancel = true) {
	const trouble = h('p.trouble', { role: 'alert', hidden: true });
	return h('form', { on: { submit: async (e) => {
		e.preventDefault();
		const submit = e.target.querySelector('[type=submit]');
		submit.disabled = true;
		let r;
		try {
			r = await run();
		} catch (x) {
			r = x.message;
		}
		submit.disabled = false;
		if (r === true) return done(true);
		put(trouble, r);
		show(trouble, true);
	} } }, content, trouble, buttons(cancel && done, label, danger));
}

// run() does it, and the dialog stays open with the reason when it fails. True: done.
export function confirm({ title, text, action, danger = false, run }) {
	return open(title, (done) => [form(done, action, danger, run, [text].flat().map((x) => h('p', x)))]);
}

function field(label, props) {
	const input = h('input', { required: true, spellcheck: 'false', autocapitalize: 'off', ...props });
	return { input, el: h('label.field', h('span', label), input) };
}

function tokenForm(done, scope, cancel) {
	const token = field(t('login.token'), { type: 'password', autocomplete: 'off', autofocus: true });
	return form(done, t('login.in'), false,
		async () => await logIn(bearer(token.input.value.trim()), scope) || t(`login.wrong.${scope}`), [token.el], cancel);
}

function userForm(done) {
	const name = field(t('login.name'), { type: 'text', autocomplete: 'username' });
	const password = field(t('login.password'), { type: 'password', autocomplete: 'current-password' });
	return form(done, t('login.in'), false,
		async () => await logIn(basic(name.input.value, password.input.value), 'read') || t('login.wrong.user'),
		[name.el, password.el]);
}

let asking = null;

// `scope` is what is needed: read or write. Users may only read, so that they are no way to write.
export function login(scope) {
	asking ??= open(t('login.title'), (done) => {
		const has = store.get('session')?.login ?? ['token'];
		const ways = scope === 'write' ? has.filter((x) => x === 'token') : has;
		const parts = [h('p', t(`login.need.${scope}`))];
		if (ways.length === 0)
			return [...parts, h('p', t(`login.none.${scope}`)), h('div.buttons', h('button', { type: 'button', on: { click: () => done(null) } }, t('dialog.close')))];
		if (ways.includes('token')) parts.push(tokenForm(done, scope, !ways.includes('users')));
		if (ways.includes('token') && ways.includes('users')) parts.push(h('p.or', t('login.or')));
		if (ways.includes('users')) parts.push(userForm(done));
		return [...parts, h('p.small.muted', t('login.kept'))];
	}).finally(() => { asking = null; });
	return asking;
}
