// model: what the numbers of the API mean to people. Pure.

export const HOT_BUSY = 0.95, HOT_PRESSURE = 0.5;

export function coresFree(n) {
	if (!(n.cores > 0) || n.cores_ours === null) return null;
	return Math.max(0, n.cores - n.cores_ours - n.cores_others);
}

// Another request would wait: nearly all cores are in use, or some thread waited for one in half of the time.
export function isHot(n) {
	if (n.state === 'blind') return false;
	const busy = (n.cores_ours ?? 0) + (n.cores_others ?? 0);
	return (n.cores > 0 && busy >= HOT_BUSY * n.cores) || (n.pressure?.cpu ?? 0) >= HOT_PRESSURE;
}

export function busyPart(n) {
	return n.cores > 0 ? ((n.cores_ours ?? 0) + (n.cores_others ?? 0)) / n.cores : 0;
}

// What deserves a look comes first.
export const NODE_ORDERS = {
	name: null,
	busy: (n) => -busyPart(n),
	cost: (n) => -(n.cost ?? -1),
	cores: (n) => -(n.cores ?? 0),
	age: (n) => -(n.age_seconds ?? 1e9),
};

const natural = new Intl.Collator('en', { numeric: true });

export const byName = (a, b) => natural.compare(a.name, b.name);

export function sorted(list, order) {
	if (!order) return [...list].sort(byName);
	return list.map((x) => [order(x), x]).sort((a, b) => a[0] - b[0] || byName(a[1], b[1])).map((x) => x[1]);
}

// Rows that change places every second cannot be read: an order holds for a while, and as long as `hold` is true. now() ends
// that. `most`: only so many, those that come first, by name.
export function steady(most = Infinity) {
	const SETTLED_MS = 5000;
	let names = [], at = 0, count = 0;
	const f = (items, order, hold = false) => {
		const known = new Map(items.map((x) => [x.name, x])), kept = count === items.length && names.every((n) => known.has(n));
		if (kept && at > 0 && (hold || Date.now() - at < SETTLED_MS)) return names.map((n) => known.get(n));
		let next = sorted(items, order);
		if (next.length > most) next = next.slice(0, most).sort(byName);
		names = next.map((x) => x.name);
		count = items.length;
		at = Date.now();
		return next;
	};
	f.now = () => { at = 0; };
	return f;
}

// The tones of states: each has a sign of its own beside its colour.
export const TONES = {
	fresh: 'good', up: 'good', good: 'good', taken: 'good', published: 'good', ok: 'good',
	new: 'quiet', unknown: 'quiet', waiting: 'quiet', off: 'quiet', withdrawn: 'quiet', withdrawing: 'quiet',
	stale: 'warn', expiring: 'warn', warning: 'warn', kept: 'warn', not_yet_valid: 'warn', lost: 'warn', degraded: 'warn',
	blind: 'bad', down: 'bad', ejected: 'bad', failed: 'bad', refused: 'bad', expired: 'bad', missing: 'bad',
	drained: 'off', draining: 'off',
};

export const SIGNS = { good: '●', quiet: '○', warn: '▲', bad: '✕', off: '■' };

export function sum(list, key) {
	let s = null;
	for (const x of list) if (typeof x[key] === 'number') s = (s ?? 0) + x[key];
	return s;
}

// The service whose slowest requests are the slowest, as the whole's p99 cannot be had from parts.
export function slowest(services) {
	return services.reduce((a, s) => ((s.p99_seconds ?? -1) > (a?.p99_seconds ?? -1) ? s : a), null);
}

export function href(...parts) {
	return `#/${parts.map(encodeURIComponent).join('/')}`;
}
