// texts: all words of the page by key, in the language of the browser; numbers and times as that language writes them.

const LANGUAGES = ['en', 'ko'];
const ANSWER_MS = 10000, AGAIN_MS = 1000;

export const lang = (navigator.languages ?? [navigator.language])
	.map((l) => l.slice(0, 2).toLowerCase()).find((l) => LANGUAGES.includes(l)) ?? 'en';

const locale = (navigator.languages ?? []).find((l) => l.toLowerCase().startsWith(lang)) ?? lang;
const plural = new Intl.PluralRules(lang);
let texts = {};

// Without them there is no page: tried until they come.
export async function textsLoad() {
	for (;;) {
		try {
			const r = await fetch(`/web/texts/${lang}.json`, { signal: AbortSignal.timeout(ANSWER_MS) });
			if (!r.ok) throw new Error(`HTTP ${r.status}`);
			texts = await r.json();
			break;
		} catch {
			await new Promise((done) => { setTimeout(done, AGAIN_MS); });
		}
	}
	document.documentElement.lang = lang;
}

export function has(key) {
	return Object.hasOwn(texts, key);
}

function fill(text, values) {
	return text.replace(/\{(\w+)\}/g, (all, name) => values?.[name] ?? all);
}

// t('key', {name: 'n1'}): {name} in the text.
export function t(key, values) {
	return fill(texts[key] ?? key, values);
}

// tn('key', 3): key.one, key.other, as the language counts; {n} is the number.
export function tn(key, n, values) {
	return fill(texts[`${key}.${plural.select(n)}`] ?? texts[`${key}.other`] ?? key, { n: num(n), ...values });
}

// A code of the API in words, or as it is where this page does not know it.
export function word(family, code) {
	return code === null || code === undefined ? NONE : texts[`${family}.${code}`] ?? String(code).replaceAll('_', ' ');
}

// ---- numbers ----

export const NONE = '–';		// not known
const formats = new Map();

function format(x, options) {
	const key = JSON.stringify(options);
	if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(locale, options));
	return formats.get(key).format(x);
}

function known(x) {
	return typeof x === 'number' && Number.isFinite(x);
}

export function num(x, digits = 0) {
	if (!known(x)) return NONE;
	if (Math.abs(x) >= 1e5) return format(x, { notation: 'compact', maximumSignificantDigits: 3 });
	return format(x + 0, { maximumFractionDigits: digits, minimumFractionDigits: digits, signDisplay: 'negative' });
}

// Rates and the like: three digits that matter, at most two after the point.
export function rate(x) {
	if (!known(x)) return NONE;
	return num(x, x === 0 || x >= 99.5 ? 0 : x >= 9.95 ? 1 : 2);
}

export function pct(x) {
	if (!known(x)) return NONE;
	if (x > 0 && x < 0.01) return `<${format(0.01, { style: 'percent' })}`;
	return format(x, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'negative' });
}

function unit(x, name, digits) {
	return format(x, { style: 'unit', unit: name, unitDisplay: 'narrow', maximumFractionDigits: digits,
		minimumFractionDigits: digits });
}

// A duration, from microseconds to days.
export function secs(x) {
	if (!known(x)) return NONE;
	if (x === 0) return unit(0, 'second', 0);
	if (x < 0.00095) return unit(x * 1e3, 'millisecond', 2);
	if (x < 0.95) return unit(x * 1e3, 'millisecond', x < 0.0095 ? 1 : 0);
	if (x < 90) return unit(x, 'second', x < 9.95 && x % 1 > 0 ? 1 : 0);
	if (x < 5400) return unit(x / 60, 'minute', 0);
	if (x < 172800) return unit(x / 3600, 'hour', 0);
	return unit(x / 86400, 'day', 0);
}

export function bytes(x) {
	if (!known(x)) return NONE;
	const names = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
	let i = 0;
	while (x >= 1000 && i < names.length - 1) { x /= 1024; i++; }
	return unit(x, names[i], i > 0 && x < 9.95 ? 1 : 0);
}

const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
const short = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

// Of a Date, or of what makes one.
export const time = (when) => clock.format(new Date(when));
export const minute = (when) => short.format(new Date(when));
export const date = (when) => day.format(new Date(when));
