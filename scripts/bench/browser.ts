/** One Chromium with pages of the benchmark, served by Vite with the headers that give a page its threads. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { createServer, type Plugin, type ViteDevServer } from 'vite';
import { CHROMIUM_ARGS, chromiumAdvice, findChromium } from '../chromium.mjs';
import type { BenchPage } from './page/main';
import type { Measurements } from './rows';

const ROOT = join(import.meta.dirname, '../..');
const LAUNCH_MS = 60_000;

export interface BenchBrowser {
	/** Pages find a graphics adapter, real or imitated. */
	readonly hasGpu: boolean;
	/** A section on a page of its own. @throws Error on a time-out or what the section threw */
	run(section: string, o: RunOptions): Promise<Measurements>;
	close(): Promise<void>;
}

export interface RunOptions {
	isQuick: boolean;
	limitMs: number;
	place: 'worker' | 'page';
	say: (line: string) => void;
}

const PAGE = '/bench';

/** The page as it lies there. Vite would put its client into it, which keeps the page's thread busy for a reload that never comes. */
const barePage: Plugin = {
	name: 'bench-page',
	configureServer: ({ middlewares, config }) => {
		middlewares.use(PAGE, (_, response) => {
			for (const [name, value] of Object.entries(config.server.headers ?? {})) {
				response.setHeader(name, value ?? '');
			}
			response.setHeader('Content-Type', 'text/html');
			void readFile(join(import.meta.dirname, 'page/index.html')).then((html) =>
				response.end(html)
			);
		});
	}
};

async function serve(): Promise<ViteDevServer> {
	const server = await createServer({
		plugins: [barePage],
		root: ROOT,
		configFile: join(ROOT, 'vite.config.ts'),
		// Its own cache: an open `npm run dev` must not be made to reload.
		cacheDir: join(ROOT, 'node_modules/.vite-bench'),
		logLevel: 'error',
		optimizeDeps: { include: ['@jax-js/jax'] },
		server: { port: 0, hmr: false, ws: false, watch: null }
	});
	return server.listen();
}

export async function startBenchBrowser(): Promise<BenchBrowser> {
	const executablePath = findChromium();
	if (!executablePath) {
		throw new Error(chromiumAdvice());
	}
	const server = await serve();
	const browser = await chromium.launch({
		executablePath,
		headless: true,
		timeout: LAUNCH_MS,
		args: CHROMIUM_ARGS
	});
	const url = new URL(PAGE, server.resolvedUrls?.local[0]).href;
	return {
		hasGpu: await findsAdapter(browser, url),
		run: (section, o) => runOn(browser, url, section, o),
		close: async () => {
			await browser.close();
			await server.close();
		}
	};
}

async function findsAdapter(browser: Browser, url: string): Promise<boolean> {
	const page = await browser.newPage();
	try {
		await page.goto(url);
		return await page.evaluate(async () => {
			// Absent where a browser has no WebGPU, whatever its type says.
			const gpu = navigator.gpu as GPU | undefined;
			return ((await gpu?.requestAdapter()) ?? null) !== null;
		});
	} finally {
		await page.close();
	}
}

/** Gives the page `threadMs`: processor time of its main thread by the browser's own account. */
async function lendClock(page: Page): Promise<void> {
	const session = await page.context().newCDPSession(page);
	await session.send('Performance.enable');
	await page.exposeFunction('threadMs', async () => {
		const { metrics } = await session.send('Performance.getMetrics');
		return 1000 * (metrics.find(({ name }) => name === 'ThreadTime')?.value ?? NaN);
	});
}

async function runOn(
	browser: Browser,
	url: string,
	section: string,
	{ isQuick, limitMs, place, say }: RunOptions
): Promise<Measurements> {
	const page = await browser.newPage();
	try {
		page.on('console', (message) => say(message.text()));
		page.on('pageerror', (error) => say(`  uncaught: ${error.message}`));
		await lendClock(page);
		await page.goto(url);
		await page.waitForFunction(() => 'bench' in window);
		return await withLimit(evaluate(page, section, isQuick, place), limitMs);
	} finally {
		await page.close();
	}
}

function evaluate(
	page: Page,
	section: string,
	isQuick: boolean,
	place: 'worker' | 'page'
): Promise<Measurements> {
	return page.evaluate(
		([name, quick, where]) => {
			const { bench } = window as unknown as { bench: BenchPage };
			if (!bench.isIsolated()) {
				throw new Error('the page is not cross-origin isolated');
			}
			return where === 'worker' ? bench.inWorker(name, quick) : bench.onPage(name, quick);
		},
		[section, isQuick, place] as const
	);
}

async function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		const error = new Error(`not done after ${limitMs / 1000} s`);
		timer = setTimeout(() => reject(error), limitMs);
	});
	try {
		return await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
}
