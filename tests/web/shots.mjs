// The pictures of doc/img: of tools/shots.
import { appears, end, go, pause, shot, token, visit, within } from './lib/page.mjs';

const begun = Date.now(), size = { width: 1280, height: 800 };
const until = seconds => pause(Math.max(0, seconds - (Date.now() - begun) / 1000));
const hog = Number(process.env.HOG_FROM);

const light = await visit({ ...size, token }), dark = await visit({ ...size, theme: 'dark', token });
const phone = await visit({ width: 390, height: 844, token }), korean = await visit({ ...size, locale: 'ko-KR', token });
// of the demo's four clones of a cluster, the one of Mola's own policy
for (const page of [light, dark, phone, korean]) {
	await go(page, 'nodes');
	await page.fill('main input[type="search"]', 'marginal');
}
await until(hog + 6);
await shot(light, 'page-nodes');
await shot(phone, 'page-phone');
await shot(korean, 'page-nodes-ko');
await go(light, '');
await pause(1);
await shot(light, 'page-overview');
await go(light, 'services/marginal');
await go(dark, 'services/marginal');
for (const [page, name] of [[light, 'page-service'], [dark, 'page-service-dark']]) {
	await appears(page, '[data-task]');
	await pause(2);
	await page.click('[data-task="marginal.8"] button[aria-expanded]');
	await within(5, () => page.evaluate(() => document.querySelectorAll('[role=tooltip] li').length > 0));
	await pause(1);
	await shot(page, name);
}
await go(light, 'events');
await pause(1);
await shot(light, 'page-events');
await end();
