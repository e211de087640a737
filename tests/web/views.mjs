// Every view with real data: wide and narrow, light and dark, for everybody, by keyboard, in Korean.
import { accessible, appears, check, end, fits, go, leave, no_faults, says, shot, shown, tab_through, text_of, views_of, visit, within } from './lib/page.mjs';

const themes = ['light', 'dark'], widths = { 360: 740, 1440: 900 };

// what each view is to show of this Mola: selectors that are there, and words
const expected = {
	'': ['[data-node="n1"]', '[data-service="web"]', '[data-event]'],
	nodes: ['[data-node="n1"]', '[data-node="n4"]', '[data-node="mute"]'],
	'nodes/n1': ['[data-action="drain"]', '[data-task="web.1"]'],
	services: ['[data-service="web"]', '[data-service="api"]', '[data-service="attack"]'],
	'services/web': ['[data-task="web.1"]', '[data-task="web.4"]'],
	events: ['[data-event="table.published"]'],
	targets: ['[data-target="edge"]', '[data-target="broken"]'],
	certs: ['[data-certificate]'],
	warnings: ['[data-warning]'],
	labels: ['[data-service="attack"]', '[data-service="odd"]'],
	config: ['details.thing summary'],
};

const first = await visit();
const views = await views_of(first);
await check(`the navigation has all views: ${views.join(' ')}`, () => {
	const lacking = Object.keys(expected).filter(v => !v.includes('/') && !views.includes(v));
	return lacking.length === 0 || `no ${lacking.join(', ')}`;
});
const all = [...views, ...Object.keys(expected).filter(v => v.includes('/'))];
for (const theme of themes) {
	const page = await visit({ theme });
	for (const view of all) {
		if (theme === 'light')
			await check(`${view || 'overview'}: it shows what there is`, async () => {
				await go(page, view);
				for (const selector of expected[view] ?? [])
					await within(10, async () => await shown(page, selector) || `no ${selector}`);
				return (await text_of(page, 'main')).trim().length > 20 || 'it is empty';
			});
		for (const [width, height] of Object.entries(widths)) {
			const where = `${view || 'overview'}, ${theme}, ${width} px`;
			await page.setViewportSize({ width: Number(width), height });
			await go(page, view);
			await check(`${where}: nothing scrolls sideways`, () => fits(page));
			// both themes, and both widths: that takes most of the time
			if ((theme === 'light') === (Number(width) > 1000))
				await check(`${where}: axe-core finds nothing`, () => accessible(page));
			await shot(page, `${view.replace('/', '-') || 'overview'}-${theme}-${width}`);
		}
	}
	await leave(page);
}

const keys = await visit();
for (const view of all)
	await check(`${view || 'overview'}: Tab reaches everything, and shows where it is`, async () => {
		await go(keys, view);
		for (const selector of expected[view] ?? [])		// what comes while Tab goes through is not reached
			await appears(keys, selector);
		return tab_through(keys);
	});

await check('by the browser\'s language the page is Korean', async () => {
	const korean = await visit({ locale: 'ko-KR' });
	const lang = await korean.evaluate(() => document.documentElement.lang);
	if (lang !== 'ko')
		return `html has lang="${lang}"`;
	for (const view of all) {
		await go(korean, view);
		await says(korean, /[가-힣]/, 'main');
	}
	await shot(korean, 'fleet-ko');
	await leave(korean);
});
await no_faults();
await end();
