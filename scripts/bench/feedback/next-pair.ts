/**
 * How soon after an answer is stored the next pair is painted: the built app in a real Chromium, its own model writing the pairs,
 * keys pressed as by a person; once with the engine to itself and once while a reward model trains.
 */
import { loadavg } from 'node:os';
import type { Page } from 'playwright';
import { startApp } from '../../../tests/support/app';
import { openStudioPage, setSettings, visit } from '../../../tests/support/studio-page';
import { ensureBuilt } from '../../set-up.mjs';
import { rowsWith, type Measurements, type RowSpec } from '../rows';

const PAINTED = 'next pair painted after an answer is stored, p95';
const PAINTED_IN_JOB = 'next pair painted while a reward model trains, p95';
const QUEUED = 'pairs waiting while a reward model trains, least';

export const NEXT_PAIR_ROWS: RowSpec[] = [
	{ name: PAINTED, unit: 'ms', target: { is: '<=', value: 50 } },
	{ name: PAINTED_IN_JOB, unit: 'ms', target: { is: '<=', value: 50 } },
	{ name: QUEUED, unit: 'pairs', target: { is: '>=', value: 10 } }
];

const ANSWERS = 60;
const ANSWERS_IN_JOB = 20;
/** Keys answer 350 ms after a pair was shown. */
const PACE_MS = 450;
/** Ten times as fast as a hundred comparisons an hour. */
const PACE_IN_JOB_MS = 3600;
/** More than are trained while the answers are given. */
const EPOCHS = '100';
const READY_MS = 120_000;
const PAIR_MS = 30_000;

/** Of one answer, milliseconds of the page's clock. */
interface Turn {
	pressedAt: number;
	/** The transaction with the answer's event was complete. */
	storedAt: number;
	/** The task after the frame in which the next pair stood on the page. */
	paintedAt: number;
}

/** What the page is given before it loads: it notes when answers are stored, and when the book has changed. */
function watchPage(): void {
	const watch = { pressedAt: NaN, storedAt: NaN };
	addEventListener('keydown', () => (watch.pressedAt = performance.now()), { capture: true });
	const stock = Reflect.get<IDBDatabase, 'transaction'>(IDBDatabase.prototype, 'transaction');
	IDBDatabase.prototype.transaction = function (...given) {
		const transaction = stock.apply(this, given);
		if (given[1] === 'readwrite' && [given[0]].flat().includes('answers')) {
			transaction.addEventListener('complete', () => (watch.storedAt = performance.now()));
		}
		return transaction;
	};
	const book = () => document.querySelector('[data-testid="book"]')?.textContent ?? '';
	const nextTurn = () =>
		new Promise<Turn>((resolve) => {
			const before = book();
			watch.storedAt = NaN;
			const observer = new MutationObserver(() => {
				if (book() === '' || book() === before) {
					return;
				}
				observer.disconnect();
				requestAnimationFrame(() => {
					// A message is the first task after the frame's own work.
					const { port1, port2 } = new MessageChannel();
					port1.onmessage = () => {
						resolve({ ...watch, paintedAt: performance.now() });
						port1.close();
					};
					port2.postMessage(null);
				});
			});
			observer.observe(document.body, { subtree: true, childList: true, characterData: true });
		});
	Object.assign(window, { bench: { nextTurn, turn: null } satisfies Watched });
}

interface Watched {
	nextTurn: () => Promise<Turn>;
	turn: Promise<Turn> | null;
}

/** Pairs without an answer, the one on the desk included. */
function waitingPairs(page: Page): Promise<number> {
	return page.evaluate(
		() =>
			new Promise<number>((resolve, reject) => {
				const open = indexedDB.open('tiller');
				open.onerror = () => reject(open.error ?? new Error('no database'));
				open.onsuccess = () => {
					const stores = open.result.transaction(['presentations', 'answers']);
					const pairs = stores.objectStore('presentations').count();
					const answers = stores.objectStore('answers').count();
					stores.oncomplete = () => {
						open.result.close();
						// Every pair is answered once at most, and nothing is taken back.
						resolve(pairs.result - answers.result);
					};
				};
			})
	);
}

async function answer(page: Page, key: string): Promise<Turn> {
	await page.evaluate(() => {
		const { bench } = window as unknown as { bench: Watched };
		bench.turn = bench.nextTurn();
	});
	await page.keyboard.press(key);
	const turn = await page.evaluate(() => (window as unknown as { bench: Watched }).bench.turn);
	if (!turn) {
		throw new Error('the page was loaded anew');
	}
	if (!Number.isFinite(turn.storedAt)) {
		throw new Error('the next pair was painted before the answer was stored');
	}
	return turn;
}

async function waitForPairs(page: Page, n: number): Promise<void> {
	const end = Date.now() + PAIR_MS;
	while ((await waitingPairs(page)) < n) {
		if (Date.now() > end) {
			throw new Error(`fewer than ${n} pairs wait after ${PAIR_MS / 1000} s`);
		}
		await page.waitForTimeout(200);
	}
}

/** The smallest value with at least this share of the values at or below it. */
function quantile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((x, y) => x - y);
	return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

function told(name: string, turns: readonly Turn[], say: (line: string) => void): number {
	const painted = turns.map(({ storedAt, paintedAt }) => paintedAt - storedAt);
	const stored = turns.map(({ pressedAt, storedAt }) => storedAt - pressedAt);
	const [p50, p95, most] = [0.5, 0.95, 1].map((share) => quantile(painted, share).toFixed(1));
	say(
		`| ${name} | ${turns.length} | ${p50} | ${p95} | ${most} | ${quantile(stored, 0.95).toFixed(1)} |`
	);
	return quantile(painted, 0.95);
}

async function measure(page: Page, say: (line: string) => void): Promise<Measurements> {
	await visit(page, 'compare');
	await page.getByTestId('book').waitFor({ timeout: READY_MS });
	const alone: Turn[] = [];
	for (let i = 0; i < ANSWERS; i++) {
		await waitForPairs(page, 2);
		await page.waitForTimeout(PACE_MS);
		alone.push(await answer(page, i % 2 === 0 ? '1' : '2'));
	}
	const [load = NaN] = loadavg();
	say(`\nthe next pair, in milliseconds (processes at work on this machine: ${load.toFixed(1)})`);
	say('| | answers | stored to painted, p50 | p95 | longest | pressed to stored, p95 |');
	say('|---|---|---|---|---|---|');
	const painted = told('engine free', alone, say);
	await waitForPairs(page, 12);
	await visit(page, 'reward');
	await setSettings(page, { Epochs: EPOCHS, Patience: '0' });
	await page.getByRole('button', { name: 'Train the reward model' }).click();
	await page.getByTestId('run-bar').waitFor({ timeout: PAIR_MS });
	await visit(page, 'compare');
	await page.getByTestId('book').waitFor();
	const beside: Turn[] = [];
	let least = Infinity;
	let isRunning = true;
	for (let i = 0; isRunning && i < ANSWERS_IN_JOB; i++) {
		await page.waitForTimeout(PACE_IN_JOB_MS);
		const turn = await answer(page, i % 2 === 0 ? '1' : '2');
		const waiting = await waitingPairs(page);
		isRunning = await hasRunningJob(page);
		if (isRunning) {
			beside.push(turn);
			least = Math.min(least, waiting);
		}
	}
	const isEnough = beside.length >= 5;
	const paintedInJob = told('a job runs', beside, say);
	say(`least pairs waiting while it ran: ${least}`);
	const short = { failed: `the job ended after ${beside.length} answers` };
	return {
		[PAINTED]: painted,
		[PAINTED_IN_JOB]: isEnough ? paintedInJob : short,
		[QUEUED]: isEnough ? least : short
	};
}

async function hasRunningJob(page: Page): Promise<boolean> {
	return page.evaluate(
		() =>
			new Promise<boolean>((resolve, reject) => {
				const open = indexedDB.open('tiller');
				open.onerror = () => reject(open.error ?? new Error('no database'));
				open.onsuccess = () => {
					const request = open.result.transaction('runs').objectStore('runs').getAll();
					request.onsuccess = () => {
						open.result.close();
						resolve((request.result as { status: string }[]).some((r) => r.status === 'running'));
					};
				};
			})
	);
}

export async function measureNextPair(say: (line: string) => void): Promise<Measurements> {
	try {
		await ensureBuilt();
		const app = await startApp();
		try {
			const { page } = await app.open();
			await page.addInitScript(watchPage);
			await openStudioPage(page, { url: app.url, seed: 1, backend: 'auto', model: 'stories-1m' });
			return await measure(page, say);
		} finally {
			await app.close();
		}
	} catch (cause) {
		const reason = cause instanceof Error ? cause.message : String(cause);
		return rowsWith(NEXT_PAIR_ROWS, { failed: reason.split('\n')[0] ?? reason });
	}
}
