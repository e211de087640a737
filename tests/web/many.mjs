// 500 nodes and 2000 tasks.
import { accessible, appears, check, end, fits, go, no_faults, shot, shown, text_of, visit, views_of, within } from './lib/page.mjs';

const page = await visit();
const views = [...await views_of(page), 'services/s1', 'nodes/node-1'];
for (const view of views)
	await check(`${view || 'overview'}: it works with 500 nodes and 2000 tasks`, async () => {
		await go(page, view);
		await within(10, async () => (await text_of(page, 'main')).length > 40);
		await shot(page, `many-${view.replace('/', '-') || 'overview'}`);
		return fits(page);
	});
await check('all nodes can be found', async () => {
	await go(page, 'nodes');
	await page.fill('main input[type="search"]', 'node-437');
	await appears(page, '[data-node="node-437"]');
	return await shown(page, '[data-node]') === 1 || 'others are shown, too';
});
await check('all tasks can be found', async () => {
	await go(page, 'services/s1');
	await page.fill('main input[type="search"]', 's1.77');
	await appears(page, '[data-task="s1.77"]');
});
await check('axe-core finds nothing', async () => {
	await go(page, 'nodes');
	return accessible(page);
});

// What holds up a click: tasks of the browser of 50 ms and more, while numbers come, views change and a list is searched.
await check('no task of the browser takes longer than 500 ms', async () => {
	await page.evaluate(() => {
		window.longest = 0;
		new PerformanceObserver(list => list.getEntries().forEach(e => { window.longest = Math.max(window.longest, e.duration); }))
			.observe({ type: 'longtask' });
	});
	for (const view of ['nodes', 'services', 'services/s1', ''])
		await go(page, view);
	await within(10, () => page.evaluate(async () => {
		const store = await import('/web/store.js');
		window.frames_seen ??= (store.subscribe('nodes', () => { window.frames_count = (window.frames_count ?? 0) + 1; }), true);
		return window.frames_count > 2;
	}));
	const longest = await page.evaluate(() => window.longest);
	return longest <= 500 || `${longest} ms`;
});
await no_faults();
await end();
