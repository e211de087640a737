// What changes while somebody looks: a hog, drains, logins, a brain that is killed, names that strangers wrote.
import { api, appears, brain, by_keyboard, check, end, expecting, go, hog, leave, live, no_faults, number_of, pause, read_token, says, shot, shown, signal,
	text_of, token, url, visit, within, write } from './lib/page.mjs';

const node = name => `[data-node="${name}"]`;
const drained = async name => (await api('/api/v1/nodes')).nodes.find(n => n.name === name).state === 'drained';

// ---- a hog ----

const watcher = await visit({ view: 'nodes' });
await check('a hog is seen', async () => {
	await appears(watcher, node('n3'));
	await hog(3, 40);
	await within(10, async () => await number_of(watcher, node('n3'), 'data-others') > 6);
	await says(watcher, /hot/, node('n3'));
	await shot(watcher, 'hog');
	return true;
});
await check('and it is in the timeline, while it is open', async () => {
	await go(watcher, 'events');
	await appears(watcher, '[data-event="node.crowded"]', 15);
	await hog(3, 0);
	await appears(watcher, '[data-event="node.relieved"]', 20);
});
await check('the timeline shows a kind alone', async () => {
	await watcher.check('[data-filter="target"]');
	await appears(watcher, '[data-kind="target"]');
	return await shown(watcher, '[data-kind="node"]') === 0 || 'other kinds are still there';
});
await check('and a level alone', async () => {
	await watcher.uncheck('[data-filter="target"]');
	await watcher.selectOption('.filters select', 'error');
	await within(5, async () => await shown(watcher, '[data-level="info"]') === 0);
	await watcher.selectOption('.filters select', 'info');
});

// ---- drains ----

await check('without a token a drain is not done, and the page says what it needs', async () => {
	await go(watcher, 'nodes/n2');
	await watcher.click('[data-action="drain"]');
	await watcher.click('dialog [type="submit"]');
	await says(watcher, /token/i, 'dialog:last-of-type');
	await watcher.fill('dialog input[type="password"]', read_token);
	await watcher.keyboard.press('Enter');
	await says(watcher, /scope write/, 'dialog:last-of-type');
	await watcher.keyboard.press('Escape');
	await watcher.keyboard.press('Escape');
	await within(5, async () => await shown(watcher, 'dialog') === 0);
	return !await drained('n2') || 'it is drained all the same';
});
await check('the API refuses a write without a token, too', async () => {
	const response = await fetch(`${url}/api/v1/drain`, { method: 'POST', headers: { 'Content-Type': 'application/json' },
		body: '{"node":"n2","drain":true}' });
	return response.status === 401 || response.status;
});

const operator = await visit({ token, view: 'nodes/n2' });
await check('the token does not stay in the address', () => !operator.url().includes(token) || operator.url());
await check('drain from the page', async () => {
	await operator.click('[data-action="drain"]');
	await shot(operator, 'drain');
	await operator.click('dialog [type="submit"]');
	await within(10, () => drained('n2'));
	await says(operator, /drained/, 'main .head');
});
await check('undrain from the page', async () => {
	await operator.click('[data-action="undrain"]');
	await operator.click('dialog [type="submit"]');
	await within(10, async () => !await drained('n2'));
	await appears(operator, '[data-action="drain"]');
});
await check('a task is drained and undrained by keyboard alone', async () => {
	const state = async () => (await api('/api/v1/tasks?service=web')).tasks.find(t => t.name === 'web.1').state;
	await go(operator, 'services/web');
	await appears(operator, '[data-task="web.1"]');
	await by_keyboard(operator, '[data-task="web.1"] [data-action="drain"], [data-action="drain"][data-task="web.1"]');
	await appears(operator, 'dialog');
	await by_keyboard(operator, 'dialog [type="submit"]');
	await within(10, async () => await state() === 'draining');
	await within(10, async () => await shown(operator, 'dialog') === 0);
	await by_keyboard(operator, '[data-task="web.1"] [data-action="undrain"], [data-action="undrain"][data-task="web.1"]');
	await by_keyboard(operator, 'dialog [type="submit"]');
	await within(10, async () => await state() !== 'draining');
});
await check('a target is withdrawn from, with what that removes, and resumed', async () => {
	const state = async () => (await api('/api/v1/targets')).targets.find(t => t.name === 'edge').state;
	await go(operator, 'targets');
	await operator.click('[data-target="edge"] [data-action="withdraw"]');
	await appears(operator, 'dialog');
	await operator.click('dialog [type="submit"]');
	await within(10, async () => (await state()).startsWith('withdraw'));
	await operator.click('[data-target="edge"] [data-action="resume"]');
	await operator.click('dialog [type="submit"]');
	await within(10, async () => !(await state()).startsWith('withdraw'));
});

// ---- from elsewhere ----

await check('from elsewhere the page wants a login, and has numbers after it', async () => {
	const stranger = await visit({ headers: { 'X-Forwarded-For': '192.0.2.7' }, closed: true });
	await expecting(/status of 401/, async () => {
		await appears(stranger, 'dialog input[type="password"]');
		await stranger.fill('dialog input[type="password"]', 'x'.repeat(40));
		await stranger.keyboard.press('Enter');
		await says(stranger, /does not accept/, 'dialog');
		await stranger.fill('dialog input[type="password"]', read_token);
		await stranger.keyboard.press('Enter');
		await live(stranger);
		await go(stranger, 'nodes');
		await appears(stranger, node('n1'));
	});
	await leave(stranger);
});

await check('a token in the address that Mola does not know logs nobody in, and the page says so', async () => {
	const mistaken = await visit({ token: 'x'.repeat(40) });
	await says(mistaken, /does not know this token/);
	await says(mistaken, /Log in/, 'header');
	await leave(mistaken);
});

// ---- what strangers wrote ----

await check('labels with markup, quotes and long words are shown as they are', async () => {
	await go(watcher, 'labels');
	await says(watcher, /<img src=x onerror="window.hacked=1">/, 'main');
	await says(watcher, /"><script>window.hacked=2<\/script>/, 'main');
	await says(watcher, /<b>bold<\/b>'"&amp;/, 'main');
	await says(watcher, /(long){300}/, 'main');
	await shot(watcher, 'labels');
	const strange = await watcher.evaluate(() => [window.hacked, document.querySelectorAll('main img, main script, main b b').length]);
	return (strange[0] === undefined && strange[1] === 0) || JSON.stringify(strange);
});
await check('in every view that shows them', async () => {
	for (const view of ['services', 'services/attack', 'services/odd', 'events', 'warnings', '']) {
		await go(watcher, view);
		await pause(0.5);
		if (await watcher.evaluate(() => window.hacked !== undefined || document.querySelectorAll('main img, main script').length > 0))
			return view;
	}
	return true;
});

// ---- the brain ----

let pid, was;
const number_of_brain = () => watcher.evaluate(async () => (await import('/web/store.js')).get('brain').brain);
// the parent does it, too, after ten seconds
const killed = pid => {
	try {
		signal(pid, 'SIGKILL');
	} catch (e) {
		if (e.code !== 'ESRCH')
			throw e;
	}
};

await check('a brain that does not answer: the page says so, and since when', async () => {
	pid = brain();
	was = await number_of_brain();
	await go(watcher, '');
	signal(pid, 'SIGSTOP');
	try {
		await appears(watcher, '.banner', 15);
		await shot(watcher, 'disconnected');
	} finally {
		killed(pid);
	}
});
await check('a brain that was killed: the page is live again, and nobody had to reload it', () => expecting(/ERR_/, async () => {
	await within(30, async () => await number_of_brain() !== was);
	await within(15, async () => await shown(watcher, '.banner') === 0);
	await appears(watcher, node('n1'));
}));
await check('the time without it is a gap', async () => {
	const ours = await within(15, async () => {
		const list = await watcher.evaluate(async () => (await import('/web/past.js')).node('n1').cols.ours);
		return list.at(-1) !== null && list;
	});
	const first = ours.findIndex(x => x !== null), gap = ours.slice(first).filter(x => x === null).length;
	return gap > 0 || `no gap in ${JSON.stringify(ours.slice(first))}`;
});
await check('and the timeline says so', async () => {
	await go(watcher, 'events');
	await appears(watcher, '.timeline .break');
	await shot(watcher, 'after-restart');
});
await no_faults();
await end();
