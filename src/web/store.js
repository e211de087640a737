// store: the last state of each topic of the stream, and of the page itself: 'session', 'connection', 'brain', 'theme'.

const state = new Map(), watchers = new Map(), waiting = new Set();

export function get(topic) {
	return state.get(topic);
}

function call(topic) {
	for (const f of [...watchers.get(topic) ?? []]) f(state.get(topic));
}

// Nobody sees a hidden page: it catches up when it is shown.
export function set(topic, value) {
	state.set(topic, value);
	if (document.hidden && topic !== 'session' && topic !== 'connection') waiting.add(topic);
	else call(topic);
}

document.addEventListener('visibilitychange', () => {
	if (document.hidden) return;
	const topics = [...waiting];
	waiting.clear();
	topics.forEach(call);
});

// f(value) now, if there is one, and whenever it changes, until the returned function is called.
export function subscribe(topic, f) {
	if (!watchers.has(topic)) watchers.set(topic, new Set());
	watchers.get(topic).add(f);
	if (state.has(topic)) f(state.get(topic));
	return () => watchers.get(topic).delete(f);
}

// Several subscriptions that end together: views use one each.
export function subscriptions() {
	const ends = [];
	return {
		on: (topic, f) => { ends.push(subscribe(topic, f)); },
		add: (end) => { ends.push(end); },
		end: () => { while (ends.length > 0) ends.pop()(); },
	};
}
