/** The built app as it is served: complete, quiet, and closed to everything from outside. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type App, type OpenedBrowser } from '../support/app';

let app: App;
let browser: OpenedBrowser;
const requests: string[] = [];

beforeAll(async () => {
	app = await startApp();
	browser = await app.open();
	browser.context.on('request', (request) => requests.push(request.url()));
	await browser.page.goto(app.url);
	await browser.page.getByRole('main').waitFor();
});

afterAll(async () => {
	await app.close();
});

test('the page opens without an error and asks nothing of any other address', async () => {
	await browser.page.waitForLoadState('networkidle');
	expect(browser.problems).toEqual([]);
	expect(requests.length).toBeGreaterThan(2);
	expect(requests.filter((url) => !url.startsWith(app.url) && !url.startsWith('blob:'))).toEqual(
		[]
	);
});

test('the page is isolated from other origins', async () => {
	expect(await browser.page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test('a worker that is not the app’s own cannot be started', async () => {
	const outcome = await browser.page.evaluate(() => {
		const attempts = ['/models/stories-1m/config.json', URL.createObjectURL(new Blob(['1']))];
		return attempts.map((address) => {
			try {
				new Worker(address).terminate();
				return 'started';
			} catch (error) {
				return (error as Error).name;
			}
		});
	});
	expect(outcome).toEqual(['TypeError', 'TypeError']);
});

test('text cannot become HTML', async () => {
	const outcome = await browser.page.evaluate(() => {
		try {
			document.body.insertAdjacentHTML('beforeend', '<img src="x">');
			return 'inserted';
		} catch (error) {
			return (error as Error).name;
		}
	});
	expect(outcome).toBe('TypeError');
});

test('nothing can be sent to another address', async () => {
	const other = await startApp();
	const reply = await browser.page.evaluate(
		(url) =>
			fetch(url, { mode: 'no-cors' }).then(
				() => 'sent',
				() => 'refused'
			),
		other.url
	);
	await other.close();
	expect(reply).toBe('refused');
	expect(browser.problems.join('\n')).toContain('violates the following Content Security Policy');
});
