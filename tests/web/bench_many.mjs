// With 500 nodes and 2000 tasks: from a click or a key until what it does is painted (Event Timing), and the longest task of the
// main thread (Long Tasks), while numbers come. Medians of five rounds; the worst of each round counts.
import { appears, bench, check, end, pause, visit } from './lib/page.mjs';

const page = await visit();
const rounds = [];
const nav = view => page.click(`nav a[href="#/${view}"]`);

await page.evaluate(() => {
	window.worst = { interaction: 0, task: 0 };
	new PerformanceObserver(list => list.getEntries().forEach(e => {
		if (e.interactionId > 0 && e.duration > window.worst.interaction) {
			window.worst.interaction = e.duration;
			window.worst.what = `${e.name} of ${e.target?.outerHTML.slice(0, 60)}: waited ${Math.round(e.processingStart - e.startTime)}, took ${Math.round(e.processingEnd - e.processingStart)}`;
		}
	})).observe({ type: 'event', durationThreshold: 16 });
	new PerformanceObserver(list => list.getEntries().forEach(e => { window.worst.task = Math.max(window.worst.task, e.duration); }))
		.observe({ type: 'longtask' });
});
await check('five rounds through the page', async () => {
	for (let i = 0; i < 5; i++) {
		await page.evaluate(() => { window.worst.interaction = 16; window.worst.what = ''; window.worst.task = 0; });
		await nav('nodes');
		await appears(page, '[data-node]');
		await page.type('main input[type="search"]', 'node-43', { delay: 30 });
		await pause(1);
		await page.fill('main input[type="search"]', '');
		await nav('services');
		await appears(page, '[data-service="s1"]');
		await page.click('[data-service="s1"] a');
		await appears(page, '[data-task]');
		await pause(1);
		await nav('events');
		await page.check('[data-filter="node"]');
		await page.uncheck('[data-filter="node"]');
		await nav('');
		await pause(2);
		rounds.push(await page.evaluate(() => ({ ...window.worst })));
	}
});
for (const r of rounds)
	console.log(`# interaction ${r.interaction} ms (${r.what} ms), task ${Math.round(r.task)} ms`);
const median = key => rounds.map(r => r[key]).sort((a, b) => a - b)[2];
bench('interaction', Math.round(median('interaction')), 'ms');
bench('longest-task', Math.round(median('task')), 'ms');
await end();
