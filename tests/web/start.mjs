// Answers that do not come, and a stream that begins again: the page goes on by itself, and takes the focus from nobody.
import { appears, check, end, expecting, go, leave, live, no_faults, visit, within } from './lib/page.mjs';

// The first request to this path has no answer, or this one.
const first = (path, answer = () => {}) => async page => {
	let n = 0;
	await page.route(path, route => (n++ === 0 ? answer(route) : route.continue()));
};
const busy = route => route.fulfill({ status: 503, contentType: 'application/json', body: '{"error":"busy"}' });

const starts = {
	'the texts have no answer': first('**/web/texts/*'),
	'the session has no answer': first('**/api/v1/session'),
	'the stream has no answer': first('**/api/v1/stream*'),
	'the history has no answer': first('**/api/v1/history'),
	'the texts are refused': first('**/web/texts/*', busy),
	'the texts are cut off': first('**/web/texts/*', route => route.abort()),
	'the session is refused': first('**/api/v1/session', busy),
	'the stream is refused': first('**/api/v1/stream*', busy),
};
// Some take as long as the page waits for an answer: the rest goes on meanwhile.
const all_started = expecting(/status of 503|ERR_FAILED/, () => Promise.all(Object.entries(starts).map(([words, before]) =>
	check(`${words}: the page becomes live by itself`, async () => {
		const page = await visit({ before, closed: true });
		await live(page);
		await appears(page, '[data-node="n1"]');
		await leave(page);
	}))));

const page = await visit();
// what the focus is on after so many more frames of this topic of the stream
const after_frames = (topic, count) => page.evaluate(([t, n]) => import('/web/store.js').then(store => new Promise(done => {
	let left = n + 1;		// the first call comes at once
	const stop = store.subscribe(t, () => { if (--left === 0) setTimeout(() => { stop(); done(document.activeElement.outerHTML.slice(0, 200)); }); });
})), [topic, count]);

await check('config: who is in it stays there when the stream begins again', async () => {
	await go(page, 'config');
	await appears(page, 'details.thing summary');
	await page.evaluate(async () => {
		const summary = [...document.querySelectorAll('details.thing summary')].at(-1), store = await import('/web/store.js');
		summary.focus();
		summary.setAttribute('data-mine', '');
		window.hello = store.get('brain');
		(await import('/web/api.js')).reconnect();
	});
	await within(10, () => page.evaluate(async () => (await import('/web/store.js')).get('brain') !== window.hello));
	const focus = await after_frames('nodes', 3);
	return focus.includes('data-mine') || focus;
});
await check('lists: a row keeps the focus when others go, come, or change places', () => page.evaluate(async () => {
	const { keyed, h } = await import('/web/dom.js');
	const list = h('ul'), set = keyed(list, x => x, x => ({ el: h('li', h('button', x)), update() {} })), lost = [];
	document.body.append(list);
	set(['a', 'b', 'c', 'd']);
	list.querySelectorAll('button')[1].focus();
	for (const order of ['bcd', 'cdb', 'bcd', 'xbcdy', 'dcbyx', 'b', 'ab']) {
		set([...order]);
		if (list.textContent !== order || document.activeElement.textContent !== 'b')
			lost.push(`${order}: ${list.textContent}, ${document.activeElement.outerHTML.slice(0, 60)}`);
	}
	list.remove();
	return lost.length === 0 || lost.join('\n');
}));
await all_started;
await no_faults();
await end();
