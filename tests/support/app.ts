/** The built app in a real browser, for e2e tests and screenshots. `npm run build`, or the e2e project's set-up, makes dist. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { serveFolder } from '../../scripts/serve.mjs';
import { CHROMIUM_ARGS, requireChromium } from './chromium';

const DIST = join(import.meta.dirname, '../../dist');
const LAUNCH_MS = 60_000;

export interface BrowserOptions {
	/** Folder of a profile to keep; without it the profile is new and thrown away. */
	profile?: string;
	viewport?: { width: number; height: number };
	colorScheme?: 'light' | 'dark';
	/** More Chromium flags, such as `--disable-gpu` to see the app without WebGPU. */
	args?: string[];
	/** Replace the usual flags instead of adding to them. */
	bareArgs?: boolean;
}

export interface OpenedBrowser {
	context: BrowserContext;
	page: Page;
	/** Uncaught errors, console errors and Content-Security-Policy violations so far. */
	problems: string[];
	close(): Promise<void>;
}

export interface App {
	url: string;
	/** Launches a browser with one page, still blank: `await page.goto(app.url)`. */
	open(options?: BrowserOptions): Promise<OpenedBrowser>;
	/** Closes the server and every browser opened here. */
	close(): Promise<void>;
}

/** A new empty folder for a profile that outlives one browser. */
export function newProfile(): Promise<string> {
	return mkdtemp(join(tmpdir(), 'tiller-profile-'));
}

function collectProblems(context: BrowserContext): string[] {
	const problems: string[] = [];
	context.on('weberror', (error) => problems.push(`uncaught: ${error.error().message}`));
	context.on('console', (message) => {
		if (message.type() === 'error') {
			problems.push(`console: ${message.text()} (${message.location().url})`);
		}
	});
	return problems;
}

async function openBrowser(options: BrowserOptions): Promise<OpenedBrowser> {
	const executablePath = requireChromium();
	const profile = options.profile ?? (await newProfile());
	const context = await chromium.launchPersistentContext(profile, {
		executablePath,
		headless: true,
		timeout: LAUNCH_MS,
		args: [...(options.bareArgs ? ['--no-sandbox'] : CHROMIUM_ARGS), ...(options.args ?? [])],
		viewport: options.viewport ?? { width: 1280, height: 800 },
		colorScheme: options.colorScheme ?? 'light'
	});
	const problems = collectProblems(context);
	const page = context.pages()[0] ?? (await context.newPage());
	const close = async () => {
		await context.close();
		if (!options.profile) {
			await rm(profile, { recursive: true, force: true, maxRetries: 5 });
		}
	};
	return { context, page, problems, close };
}

/** Serves dist on a free port of this machine, with the headers that users get. */
export async function startApp(): Promise<App> {
	const server = await serveFolder(DIST, 0);
	const opened = new Set<OpenedBrowser>();
	return {
		url: server.url,
		open: async (options = {}) => {
			const browser = await openBrowser(options);
			const tracked: OpenedBrowser = {
				...browser,
				close: async () => {
					opened.delete(tracked);
					await browser.close();
				}
			};
			opened.add(tracked);
			return tracked;
		},
		close: async () => {
			for (const browser of [...opened]) {
				await browser.close();
			}
			await server.close();
		}
	};
}
