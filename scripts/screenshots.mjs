/**
 * Pictures of every view, light and dark, wide and narrow, to look at: npm run screenshots -- FOLDER [VIEW …]
 * Prints what the console complained about and which views are wider than the window.
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startApp } from '../tests/support/app';
import { ensureBuilt } from './set-up.mjs';

const VIEWS = [
	'sample',
	'compare',
	'compare/reliability',
	'reward',
	'tune',
	'tune/step-through',
	'tune/playground',
	'evaluate',
	'library',
	'learn',
	'learn/ppo',
	'settings'
];
const WIDTHS = /** @type {const} */ ([
	{ width: 1280, height: 800 },
	{ width: 360, height: 740 }
]);
const THEMES = /** @type {const} */ (['light', 'dark']);
const FIRST_SETTLE_MS = 4000;
const SETTLE_MS = 700;

const [folder, ...asked] = process.argv.slice(2);
if (!folder) {
	console.error('usage: npm run screenshots -- FOLDER [VIEW …]');
	process.exit(2);
}
const views = asked.length > 0 ? asked : VIEWS;
await ensureBuilt();
await mkdir(folder, { recursive: true });

const app = await startApp();
try {
	for (const viewport of WIDTHS) {
		for (const colorScheme of THEMES) {
			const { page, problems, close } = await app.open({ viewport, colorScheme });
			await page.goto(app.url);
			await page.waitForTimeout(FIRST_SETTLE_MS);
			for (const view of views) {
				await page.evaluate((hash) => {
					location.hash = hash;
				}, `#/${view}`);
				await page.waitForTimeout(SETTLE_MS);
				const name = `${view.replaceAll('/', '-')}-${colorScheme}-${viewport.width}.png`;
				await page.screenshot({ path: join(folder, name), fullPage: true });
				const overflow = await page.evaluate(
					() => document.documentElement.scrollWidth - document.documentElement.clientWidth
				);
				console.log(overflow > 0 ? `${name}: ${overflow} px wider than the window` : name);
			}
			for (const problem of problems) {
				console.log(`  ${problem}`);
			}
			await close();
		}
	}
} finally {
	await app.close();
}
console.log(resolve(folder));
