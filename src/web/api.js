// api: the session, reads, writes and the stream. A token is kept for as long as the tab lives, and sent with each request.

import * as store from './store.js';

const KEEP = 'mola.authorization';
const ALWAYS = ['nodes', 'services', 'events', 'warnings', 'targets', 'certs', 'swarm'];
const EVENTS_KEPT = 1000;
const RETRY_FIRST_MS = 500, RETRY_MOST_MS = 8000, STEADY_MS = 5000;
const ANSWER_MS = 10000;		// for the session, and the first words of the stream
const READ_MS = 30000, WRITE_MS = 60000;
const SILENT_MS = 20000;		// the stream sends at least a ping every 15 s

let authorization = sessionStorage.getItem(KEEP);
let loginAsk = null;			// f(scope): the page's login dialog, true when there is something new to try

// ---- who we are ----

export function onLogin(f) {
	loginAsk = f;
}

function authorizationSet(value) {
	authorization = value;
	if (value === null) sessionStorage.removeItem(KEEP);
	else sessionStorage.setItem(KEEP, value);
}

function base64(text) {
	return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

export const bearer = (token) => `Bearer ${token}`;
export const basic = (name, password) => `Basic ${base64(`${name}:${password}`)}`;

// #token=... of the address that `make demo` prints: it must not stay in the address or the history.
export function tokenFromAddress() {
	const m = location.hash.match(/[#&]token=([^&]*)/);
	if (!m) return false;
	authorizationSet(bearer(decodeURIComponent(m[1])));
	history.replaceState(null, '', location.pathname + location.search + '#/');
	return true;
}

function headers(more) {
	return authorization === null ? more : { ...more, Authorization: authorization };
}

async function sessionOf(value) {
	const r = await fetch('/api/v1/session', { headers: value === null ? {} : { Authorization: value }, cache: 'no-store',
		signal: AbortSignal.timeout(ANSWER_MS) });
	if (!r.ok) throw await refusal(r);
	return r.json();
}

// A token that Mola does not know is forgotten: with it, this page would look as if someone were logged in.
export async function sessionLoad() {
	const s = await sessionOf(authorization);
	s.unknown = Boolean(authorization?.startsWith('Bearer ')) && s.user === null && !s.write;
	if (s.unknown) authorizationSet(null);
	store.set('session', s);
	return s;
}

// Takes the credentials if they allow `scope`; false: they do not.
export async function logIn(value, scope) {
	const s = await sessionOf(value);
	if (!s[scope]) return false;
	authorizationSet(value);
	store.set('session', s);
	reconnect();
	return true;
}

// What was read with the credentials goes with them.
export function logOut() {
	authorizationSet(null);
	location.reload();
}

export const loggedIn = () => authorization !== null;

// ---- reading and writing ----

export class Refused extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

async function refusal(r) {
	let text = `HTTP ${r.status}`;
	try {
		const j = await r.json();
		if (typeof j.error === 'string') text = j.error;
	} catch { /* no JSON: the status has to do */ }
	return new Refused(r.status, text);
}

export async function read(path) {
	const r = await fetch(path, { headers: headers({ Accept: 'application/json' }), cache: 'no-store',
		signal: AbortSignal.timeout(READ_MS) });
	if (!r.ok) throw await refusal(r);
	return r.json();
}

// Asks for a token with the scope `write` when there is none; null: the user did not give one.
export async function write(path, body) {
	for (;;) {
		if (!store.get('session')?.write && !await loginAsk?.('write')) return null;
		const r = await fetch(path, { method: 'POST', headers: headers({ 'Content-Type': 'application/json' }),
			body: JSON.stringify(body), signal: AbortSignal.timeout(WRITE_MS) });
		if (r.ok) return r.json();
		if (r.status !== 401) throw await refusal(r);
		await sessionLoad();
		if (store.get('session').write) throw await refusal(r);
	}
}

// ---- the stream ----

let extra = [], stop = null, retry = RETRY_FIRST_MS, timer = null, running = false;

function eventsTake(data) {
	const have = store.get('events') ?? { events: [], last: 0 }, brain = store.get('brain')?.brain;
	const fresh = data.events.filter((e) => e.id > have.last).map((e) => ({ ...e, key: `${brain}-${e.id}` }));
	if (fresh.length === 0 && store.get('events')) return;
	store.set('events', { events: [...have.events, ...fresh].slice(-EVENTS_KEPT), last: data.last, fresh: fresh.length });
}

function helloTake(hello) {
	const before = store.get('brain');
	if (before?.brain !== hello.brain) {
		if (before) store.set('restarted', { at: Date.now() });
		// what the brain before told stays, and there is a gap behind it: an entry without an event
		const old = store.get('events')?.events ?? [];
		const gap = before ? [{ key: `gap-${hello.brain}`, time: new Date().toISOString() }] : [];
		store.set('events', { events: [...old, ...gap], last: 0, fresh: 0 });
	}
	store.set('brain', hello);
}

function frameTake(event, data) {
	const value = JSON.parse(data);
	if (event === 'hello') helloTake(value);
	else if (event === 'events') eventsTake(value);
	else store.set(event, value);
	store.set('seen', Date.now());
	if (store.get('connection')?.state !== 'live' && event !== 'hello')
		store.set('connection', { state: 'live', since: Date.now() });
}

export const breath = () => new Promise((done) => { setTimeout(done); });

// One frame per task of the browser: ten of them at once would hold up a click.
async function blockTake(block) {
	let event = 'message';
	const data = [];
	for (const line of block.split('\n')) {
		if (line.startsWith('event:')) event = line.slice(6).trim();
		else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
	}
	if (data.length === 0) return;
	frameTake(event, data.join('\n'));
	await breath();
}

async function framesRead(body, alive) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let parts = '';
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		alive();
		const blocks = (parts + value.replaceAll('\r', '')).split('\n\n');
		parts = blocks.pop();
		for (const b of blocks) await blockTake(b);
	}
}

function lost(why, text = null) {
	const c = store.get('connection');
	if (c?.state !== 'lost' || c.why !== why || c.text !== text)
		store.set('connection', { state: 'lost', since: c?.state === 'lost' ? c.since : store.get('seen') ?? Date.now(), why, text });
}

// What this page may do is asked first: a token that Mola does not know must not go with the stream.
async function streamOnce(signal, alive) {
	if (!store.get('session')) await sessionLoad();
	alive(ANSWER_MS);
	const topics = [...ALWAYS, ...extra].join(',');
	const after = store.get('events')?.last ?? 0, brain = store.get('brain')?.brain;
	const more = brain === undefined ? {} : { 'Last-Event-ID': `${brain}-${after}` };
	const r = await fetch(`/api/v1/stream?topics=${topics}`, { headers: headers(more), cache: 'no-store', signal });
	if (r.status === 401 || r.status === 403) {
		await sessionLoad();
		lost('login');
		if (await loginAsk?.('read')) return 0;
		return null;
	}
	if (!r.ok) throw await refusal(r);
	await framesRead(r.body, alive);
	return RETRY_FIRST_MS;
}

async function streamRun() {
	const mine = new AbortController();
	let silent;
	const began = Date.now();
	const alive = (ms = SILENT_MS) => {
		clearTimeout(silent);
		silent = setTimeout(() => mine.abort(), ms);
	};

	stop = mine;
	clearTimeout(timer);
	let wait = null;
	try {
		wait = await streamOnce(mine.signal, alive);
		if (stop === mine && wait > 0) lost('ended');
	} catch (x) {
		if (stop !== mine) return;
		lost('network', x instanceof Refused ? x.message : null);
		wait = RETRY_FIRST_MS;
	} finally {
		clearTimeout(silent);
	}
	if (stop !== mine || wait === null) return;
	// one that ends again and again is tried ever less often
	retry = Date.now() - began > STEADY_MS ? RETRY_FIRST_MS : Math.min(RETRY_MOST_MS, retry * 2);
	timer = setTimeout(streamRun, wait === 0 ? 0 : retry);
}

export function reconnect() {
	if (!running) return;
	const old = stop;
	stop = null;
	old?.abort();
	retry = RETRY_FIRST_MS;
	streamRun();
}

export function streamStart() {
	running = true;
	streamRun();
}

// The topics that only some views need, such as tasks.
export function topicsNeed(topics) {
	if (topics.every((x) => extra.includes(x)) && extra.every((x) => topics.includes(x))) return;
	extra = topics;
	reconnect();
}
