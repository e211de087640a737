// What the stories have in common: TAP, Chromium, pages that note what must not be, and conditions with a deadline.
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';

const { WEB_URL, WEB_TOKEN, WEB_READ_TOKEN, WEB_CONTROL, WEB_TOOLS, WEB_MOLA, WEB_LIMIT, SHOTS } = process.env;
const from_tools = createRequire(`${WEB_TOOLS}/`);
const { chromium } = from_tools('playwright-core');
const axe_source = readFileSync(from_tools.resolve('axe-core/axe.min.js'), 'utf8');

export const url = WEB_URL, token = WEB_TOKEN, read_token = WEB_READ_TOKEN;

// ---- TAP ----

let failed = false;
const lines = text => String(text).split('\n').map(line => `# ${line}`).join('\n');

// What is being waited for, outermost first: neither Chromium's start nor what Playwright asks of a page ends by itself.
const doing = new Set();
// step(WORDS, SECONDS, f): what f resolves to; throws when that takes longer
export async function step(words, seconds, f) {
	const me = { words, since: Date.now() };
	let timer;
	doing.add(me);
	try {
		return await Promise.race([f(), new Promise((_, fail) => {
			timer = setTimeout(() => fail(new Error(`not done after ${seconds} s: ${standing()}`)), seconds * 1000);
		})]);
	} finally {
		clearTimeout(timer);
		doing.delete(me);
	}
}
const standing = () => [...doing].map(s => `${s.words} (${((Date.now() - s.since) / 1000).toFixed(1)} s)`).join(' > ');
if (WEB_LIMIT)
	setTimeout(() => {
		console.log(lines(`where it stands: ${standing() || 'between two checks'}\n${JSON.stringify(faults)}\nnot answered: ${unanswered()}`));
		console.log(`not ok it ends within ${WEB_LIMIT} s`);
		process.exit(1);		// Chromium goes with it
	}, Number(WEB_LIMIT) * 1000).unref();

const CHECK_SECONDS = 60;
// check(WORDS, f): passes unless f throws, or returns or resolves to what is not true; what it throws is seen
export async function check(words, f) {
	try {
		const got = await step(words, CHECK_SECONDS, async () => f());
		if (got !== true && got !== undefined)
			throw new Error(typeof got === 'string' ? got : JSON.stringify(got, null, 1));
		console.log(`ok ${words}`);
		return true;
	} catch (error) {
		failed = true;
		console.log(lines((error.message ?? error).slice(0, 3000)));
		console.log(`not ok ${words}`);
		return false;
	}
}
export const bench = (name, value, unit) => console.log(`# bench page-${name} ${value} ${unit}`);

// ---- time ----

export const pause = seconds => new Promise(done => setTimeout(done, seconds * 1000));
// within(SECONDS, f): what f returns once that is true; throws the last reason after that time
export async function within(seconds, f) {
	const end = Date.now() + seconds * 1000;
	let last;
	for (;;) {
		try {
			const got = await f();
			if (got)
				return got;
			last = `still ${JSON.stringify(got)}`;
		} catch (error) {
			last = error.message;
		}
		if (Date.now() > end)
			throw new Error(`not within ${seconds} s: ${last}`);
		await pause(0.05);
	}
}

// ---- Mola and the emulated nodes ----

export async function api(path) {
	const response = await fetch(WEB_URL + path);
	if (!response.ok)
		throw new Error(`${path}: ${response.status}`);
	return response.json();
}
export async function write(path, body) {
	const response = await fetch(WEB_URL + path, { method: 'POST', body: JSON.stringify(body),
		headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${WEB_TOKEN}` } });
	if (!response.ok)
		throw new Error(`${path}: ${response.status} ${await response.text()}`);
	return response.json();
}
export async function hog(node, threads) {
	const response = await fetch(`${WEB_CONTROL}/hog?node=${node}&threads=${threads}`, { method: 'POST' });
	if (!response.ok)
		throw new Error(`the cluster did not take the hog: ${response.status}`);
}
export const brain = () => Number(execFileSync('pgrep', ['-P', WEB_MOLA, '-x', 'brain'], { encoding: 'utf8' }));
export const signal = (pid, name) => process.kill(pid, name);

// ---- Chromium ----

// It is no part of what is tested here: when it does not start, another one may.
const START_SECONDS = 20;
const launch = () => step('Chromium starts', START_SECONDS + 5, () => chromium.launch({ executablePath: '/usr/bin/chromium', timeout: START_SECONDS * 1000,
	args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'] }));
const browser = await launch().catch(error => {
	console.log(lines(`once more: ${error.message.slice(0, 3000)}`));
	return launch();
});

// What must not be, of all pages: violations of the CSP, errors, requests to another origin.
export const faults = { csp: [], errors: [], foreign: [] };
// While the brain is away or a write is refused, Chromium itself says so in the console.
let expected = null;
export async function expecting(pattern, f) {
	expected = pattern;
	try {
		return await f();
	} finally {
		await pause(0.1);
		expected = null;
	}
}
function note(list, what, where) {
	if (!(list === faults.errors && expected?.test(what)))
		list.push(`${where}: ${what}`);
}
const asked = new Map();		// requests without an answer: when they were sent
const unanswered = () => [...asked].map(([r, since]) => `${r.url()} for ${((Date.now() - since) / 1000).toFixed(1)} s`).join(', ') || 'none';
async function watch(page) {
	const at = () => page.url().replace(/token=.*/, '');
	page.on('request', request => asked.set(request, Date.now()));
	for (const event of ['requestfinished', 'requestfailed'])
		page.on(event, request => asked.delete(request));
	page.on('response', response => asked.delete(response.request()));
	page.on('close', () => [...asked.keys()].filter(r => r.frame().page() === page).forEach(r => asked.delete(r)));
	page.on('crash', () => note(faults.errors, 'the page crashed', at()));
	page.on('request', request => {
		const to = new URL(request.url());
		if (to.origin !== WEB_URL && to.protocol !== 'data:' && to.protocol !== 'blob:')
			note(faults.foreign, request.url(), at());
	});
	page.on('console', message => {
		if (/Content Security Policy/.test(message.text()))
			note(faults.csp, message.text(), at());
		else if (['error', 'warning'].includes(message.type()))
			note(faults.errors, message.text(), at());
	});
	page.on('pageerror', error => note(faults.errors, error.stack, at()));
	await page.exposeFunction('noteViolation', text => note(faults.csp, text, at()));
	await page.addInitScript(() => document.addEventListener('securitypolicyviolation',
		e => window.noteViolation(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`)));
}
export async function no_faults() {
	for (const [name, words] of [['csp', 'nothing violates the Content-Security-Policy'], ['errors', 'the console has no errors'],
		['foreign', 'nothing is requested from elsewhere']])
		await check(words, () => faults[name].length === 0 || faults[name].slice(0, 10).join('\n'));
}

// visit({view, theme, width, height, locale, token, headers, closed, before}): a page in a window of its own, past its first
// data unless it is `closed`; before(page) comes before it is loaded
const VISIT_SECONDS = 45;
export const visit = (how = {}) => step(`a visit to /${how.view ?? ''}`, VISIT_SECONDS, () => visited(how));
async function visited(how) {
	const context = await step('a window opens', 15, () => browser.newContext({ locale: how.locale ?? 'en-US', colorScheme: how.theme ?? 'light',
		viewport: { width: how.width ?? 1440, height: how.height ?? 900 }, extraHTTPHeaders: how.headers ?? {},
		reducedMotion: 'reduce', hasTouch: how.width < 600 }));
	const page = await step('a page opens', 15, () => context.newPage());
	await step('the page is watched', 15, () => watch(page));
	await how.before?.(page);
	const hash = how.token ? `#token=${how.token}` : how.view ? `#/${how.view}` : '';
	await step('the page is loaded', 25, () => page.goto(`${WEB_URL}/${hash}`, { timeout: 20000 }));
	if (!how.closed)
		await live(page).catch(async error => {
			throw new Error(`${error.message}\n${await attribute(page, 'data-connection')}: ${JSON.stringify(faults)}\nnot answered: ${unanswered()}\n`
				+ (await text_of(page)).slice(0, 800));
		});
	if (how.token && how.view)
		await go(page, how.view);
	return page;
}
export const leave = page => step('a window closes', 15, () => page.context().close());
export const attribute = (page, name) => page.evaluate(n => document.documentElement.getAttribute(n), name);
export const live = page => step('the page is live', 35, () => within(30, async () => await attribute(page, 'data-connection') === 'live'));
export const shown = (page, selector) => page.evaluate(s => [...document.querySelectorAll(s)].filter(e => e.checkVisibility()).length, selector);
export const number_of = (page, selector, name) => page.evaluate(([s, n]) => {
	const text = document.querySelector(s)?.getAttribute(n);
	return text === null || text === undefined ? NaN : Number(text);
}, [selector, name]);
export const appears = (page, selector, seconds = 10) => within(seconds, () => shown(page, selector));
export const text_of = (page, selector = 'body') => page.evaluate(s => document.querySelector(s)?.innerText ?? '', selector);
export const says = (page, pattern, selector = 'body', seconds = 10) => within(seconds, async () => {
	const text = await text_of(page, selector);
	if (!pattern.test(text))
		throw new Error(`${selector} does not say ${pattern}:\n${text.slice(0, 800)}`);
	return true;
});
export async function go(page, view) {
	await page.evaluate(v => { location.hash = `#/${v}`; }, view);
	await appears(page, `[data-view="${view.split('/')[0] || 'overview'}"]`);
}
// the ids of all views, as the navigation has them
export const views_of = page => page.evaluate(() => [...new Set([...document.querySelectorAll('nav a[href^="#/"]')]
	.map(a => a.getAttribute('href').slice(2)))]);

// ---- judgement ----

export async function accessible(page) {
	await page.evaluate(axe_source);
	const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations
		.map(v => `${v.id}: ${v.help}\n` + v.nodes.slice(0, 4).map(n => `   ${n.html.slice(0, 160)}\n      ${n.any.concat(n.all, n.none)
			.map(c => c.message).join('; ').slice(0, 300)}`).join('\n')));
	return found.length === 0 || found.join('\n');
}
// Nothing needs scrolling sideways, but inside of what scrolls by itself.
const overflow = page => page.evaluate(() => {
	const wide = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= wide && document.body.scrollWidth <= wide)
		return true;
	const held = e => e.parentElement !== document.body && (getComputedStyle(e.parentElement).overflowX !== 'visible' || held(e.parentElement));
	const out = [...document.body.querySelectorAll('*')].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > wide + 1 && !held(e));
	return `${document.documentElement.scrollWidth} > ${wide}: ` + out.slice(0, 6).map(e => `${e.outerHTML.slice(0, 120)} ends at ${Math.round(e.getBoundingClientRect().right)}`).join('\n');
});
export async function fits(page) {		// charts follow the width a moment later
	let why;
	try {
		return await within(3, async () => (why = await overflow(page)) === true);
	} catch {
		return why;
	}
}
// What can be operated, and is not reached by Tab or does not show that it is.
export async function tab_through(page, most = 400) {
	await page.evaluate(() => {
		document.activeElement?.blur();
		window.getSelection().removeAllRanges();
		document.querySelectorAll('[data-tabbed]').forEach(e => e.removeAttribute('data-tabbed'));
	});
	const unseen = [], before_end = [];
	let last = 'nothing', ends = 0;		// from where the focus was to the end, and from the beginning
	for (let i = 0; i < most; i++) {
		await page.keyboard.press('Tab');
		const at = await page.evaluate(() => {
			const e = document.activeElement;
			if (e === document.body || e === null)
				return { end: true };
			const again = e.hasAttribute('data-tabbed'), style = getComputedStyle(e);
			e.setAttribute('data-tabbed', '');
			const marked = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
			return { again, marked, html: e.outerHTML.slice(0, 140) };
		});
		if (at.end)
			before_end.push(`nothing had the focus after: ${last}`);
		last = at.again ? `${at.html}, which had it before` : at.html;
		if (at.end && ++ends < 2)
			continue;
		if (at.end || at.again)
			break;
		if (!at.marked)
			unseen.push(`no sign of the focus: ${at.html}`);
	}
	const left = await page.evaluate(() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
		.filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.tabIndex >= 0 && !e.hasAttribute('data-tabbed') && !e.closest('[inert]')
			&& !(e.type === 'radio' && e.name && document.querySelector(`input[type="radio"][name="${e.name}"][data-tabbed]`)))
		.map(e => `not reached: ${e.outerHTML.slice(0, 140)}`));
	return unseen.length + left.length === 0 || unseen.concat(left).slice(0, 12).concat(before_end, `the last one: ${last}`).join('\n');
}
// by_keyboard(page, selector, key): Tab until the element has the focus, then the key
export async function by_keyboard(page, selector, key = 'Enter', most = 400) {
	for (let i = 0; i < most; i++) {
		if (await page.evaluate(s => document.activeElement?.matches(s) ?? false, selector)) {
			await page.keyboard.press(key);
			return true;
		}
		await page.keyboard.press('Tab');
	}
	throw new Error(`Tab does not reach ${selector}`);
}
export async function shot(page, name) {
	if (!SHOTS)
		return;
	mkdirSync(SHOTS, { recursive: true });
	await page.screenshot({ path: `${SHOTS}/${name}.png` });
}
export async function end() {
	await step('Chromium ends', 10, () => browser.close()).catch(error => console.log(lines(error.message)));
	process.exit(failed ? 1 : 0);		// whatever else is open
}
