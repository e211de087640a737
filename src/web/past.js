// past: the last 15 minutes of each node and service: as the brain remembers them, continued by the stream. Where nothing is
// known, such as while the brain was away, there is null, and charts show a gap.

import * as store from './store.js';
import { read, breath } from './api.js';

const SKEW_SECONDS = 15;		// a difference of clocks that is none: the last point may be that old
const AT_ONCE = 50;			// of a large fleet, between which a click gets its turn
let skew = 0;				// the brain's clock ahead of ours

export const now = () => Date.now() / 1000 + skew;

const SHOWN_LEAST = 24;			// points that are always shown: two minutes

export function sinceOf(first, points) {
	return Math.max(0, Math.min(first < 0 ? points : first, points - SHOWN_LEAST));
}

// Points in time at equal steps, with a column of numbers per key.
export class Track {
	constructor(keys, points = 180, step = 5) {
		const end = Math.floor(now() / step) * step;
		this.step = step;
		this.xs = Array.from({ length: points }, (_, i) => end - (points - 1 - i) * step);
		this.cols = Object.fromEntries(keys.map((k) => [k, new Array(points).fill(null)]));
		this.count = 0;			// values in the last point, which is their mean
	}

	move(to) {
		const most = this.xs.length;
		for (let n = 0; this.xs[most - 1] < to && n < most; n++) {
			this.xs.shift();
			this.xs.push(Math.max(this.xs[most - 2] + this.step, to - (most - 1 - n) * this.step));
			for (const c of Object.values(this.cols)) {
				c.shift();
				c.push(null);
			}
			this.count = 0;
		}
	}

	// What the brain remembers goes over what we saw; what it does not know stays.
	load(past, end, step) {
		if (step !== this.step) {
			this.step = step;
			this.xs = this.xs.map((_, i) => end - (this.xs.length - 1 - i) * step);
		}
		const at = Math.floor(end / step) * step;
		this.move(at);
		const last = Math.round((at - this.xs[0]) / step);
		for (const [k, c] of Object.entries(this.cols)) {
			const from = past[k] ?? [];
			for (let i = 0; i < from.length; i++) {
				const to = last - (from.length - 1 - i);
				if (from[i] !== null && to >= 0 && to < c.length && this.xs[to] !== this.gap) c[to] = from[i];
			}
		}
		this.count = 1;
	}

	// Where to begin to show it: a brain that has just started knows little, which would be a speck at the right end.
	since() {
		const first = this.xs.findIndex((_, i) => Object.values(this.cols).some((c) => c[i] !== null));
		return sinceOf(first, this.xs.length);
	}

	// The brain was away, if only for a moment: the line has a gap there.
	cut() {
		const last = this.xs.length - 1;
		this.gap = this.xs[last];
		for (const c of Object.values(this.cols)) c[last] = null;
	}

	add(values) {
		this.move(Math.floor(now() / this.step) * this.step);
		const last = this.xs.length - 1, n = this.count++;
		if (this.xs[last] === this.gap) return;
		for (const [k, c] of Object.entries(this.cols)) {
			const v = values[k];
			if (typeof v !== 'number') continue;
			c[last] = c[last] === null ? v : (c[last] * n + v) / (n + 1);
		}
	}
}

const nodes = new Map(), services = new Map();
const NODE = ['ours', 'others', 'memory', 'pressure'], SERVICE = ['rate', 'errors', 'inflight', 'p50', 'p99'];

function trackOf(map, name, keys) {
	if (!map.has(name)) map.set(name, new Track(keys));
	return map.get(name);
}

export const node = (name) => trackOf(nodes, name, NODE);
export const service = (name) => trackOf(services, name, SERVICE);

// What is gone keeps its past while it has one: a brain that was just started may not know all names yet.
function gone(map, list) {
	const names = new Set(list.map((x) => x.name));
	for (const [name, track] of map) {
		if (names.has(name)) continue;
		track.move(Math.floor(now() / track.step) * track.step);
		if (Object.values(track.cols).every((c) => c.every((x) => x === null))) map.delete(name);
	}
}

function nodesTake({ nodes: list }) {
	for (const n of list)
		node(n.name).add({ ours: n.cores_ours, others: n.cores_others, memory: n.memory_used, pressure: n.pressure?.cpu });
	gone(nodes, list);
}

function servicesTake({ services: list }) {
	for (const s of list)
		if (s.served !== false)
			service(s.name).add({ rate: s.requests_per_second, errors: s.errors_per_second, inflight: s.inflight,
				p50: s.p50_seconds, p99: s.p99_seconds });
	gone(services, list);
}

function clockTake(end) {
	const ahead = end - Date.now() / 1000;
	skew = Math.abs(ahead) > SKEW_SECONDS ? ahead : 0;
}

async function pastLoad() {
	let past;
	try {
		past = await read('/api/v1/history');
	} catch {
		return;				// the stream goes on without a past
	}
	if (!(past.end > 0)) return;		// the brain has only just started
	clockTake(past.end);
	const todo = [...past.services.map((s) => [service, s]), ...past.nodes.map((n) => [node, n])];
	while (todo.length > 0) {
		for (const [of, x] of todo.splice(0, AT_ONCE)) of(x.name).load(x, past.end, past.step_seconds);
		await breath();
	}
	store.set('past', past.end);
}

// Of the tasks of one service, {task: Track}.
export async function tasksLoad(name) {
	const past = await read(`/api/v1/history?service=${encodeURIComponent(name)}`);
	return new Map(past.tasks.map((x) => {
		const track = new Track(['rate', 'share']);
		if (past.end > 0) track.load(x, past.end, past.step_seconds);
		return [x.name, track];
	}));
}

// The sum over all services, for the page's first figures.
export function servicesSum(key) {
	let sum = null, xs = null;
	for (const track of services.values()) {
		xs ??= track.xs;
		sum ??= new Array(xs.length).fill(null);
		const c = track.cols[key];
		for (let i = 0; i < c.length; i++) if (c[i] !== null) sum[i] = (sum[i] ?? 0) + c[i];
	}
	return { xs: xs ?? [], values: sum ?? [] };
}

export function pastStart() {
	let before;
	store.subscribe('brain', ({ brain }) => {
		if (brain === before) return;
		if (before !== undefined) for (const track of [...nodes.values(), ...services.values()]) track.cut();
		before = brain;
		pastLoad();
	});
	store.subscribe('nodes', nodesTake);
	store.subscribe('services', servicesTake);
}
