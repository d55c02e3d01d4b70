/** Drives the studio as a person would, and reads what it has stored. */
import type { Page } from 'playwright';
import type { PolicyRecord, RewardModelRecord, Run } from '../../src/core/records';
import type { BackendName } from '../../src/protocol/trainer';

export interface Start {
	url: string;
	seed: number;
	backend: BackendName | 'auto';
	model: string;
}

/** Opens the studio with its seeds drawn from `seed`, and a model and backend chosen (once: later choices stay). */
export async function openStudioPage(
	page: Page,
	{ url, seed, backend, model }: Start
): Promise<void> {
	await page.addInitScript(
		({ seed, preferences }) => {
			let state = seed;
			const stock = crypto.getRandomValues.bind(crypto);
			const next = () => {
				state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
				return state;
			};
			const seeded = (array: ArrayBufferView<ArrayBuffer>) =>
				// Seeds are drawn one word at a time; longer draws are ids, whose number depends on timing.
				array instanceof Uint32Array && array.length === 1 ? array.fill(next()) : stock(array);
			Object.defineProperty(crypto, 'getRandomValues', { value: seeded });
			if (!localStorage.getItem('tiller.preferences')) {
				localStorage.setItem('tiller.preferences', JSON.stringify(preferences));
			}
		},
		{ seed, preferences: { version: 1, backend, model } }
	);
	await page.goto(url);
	await page.getByRole('main').waitFor();
}

export async function visit(page: Page, view: string): Promise<void> {
	await page.evaluate((hash) => (location.hash = hash), `#/${view}`);
}

const SETTLED_MS = 2500;

/** Waits until pairs wait and no more are being written. */
async function settledQueue(page: Page, timeout: number): Promise<void> {
	const end = Date.now() + timeout;
	let count = 0;
	let sinceMs = Date.now();
	while (count === 0 || Date.now() - sinceMs < SETTLED_MS) {
		if (Date.now() > end) {
			throw new Error('The queue of pairs did not settle.');
		}
		await page.waitForTimeout(100);
		const now = (await readStore(page, 'presentations')).length;
		if (now !== count) {
			count = now;
			sinceMs = Date.now();
		}
	}
}

/** Lets the simulated annotator (happier, 10 % lapses) answer n pairs through the dialog. */
export async function annotate(page: Page, n: 20 | 50 | 100 | 200, timeout: number): Promise<void> {
	await visit(page, 'compare');
	// The queue draws seeds too; when it is full, the annotator's draws are the next ones.
	await settledQueue(page, timeout);
	await page.getByRole('button', { name: 'Simulated annotator' }).click();
	await page.getByLabel('How many').selectOption(String(n));
	await page.getByRole('button', { name: `Answer ${n} pairs` }).click();
	await page.getByText(`${n} answers`).first().waitFor({ timeout });
}

/** Opens "All settings" on the view and types values by label. */
export async function setSettings(page: Page, values: Record<string, string>): Promise<void> {
	await page.locator('summary', { hasText: 'All settings' }).click();
	for (const [label, value] of Object.entries(values)) {
		const field = page.locator('details').getByLabel(label, { exact: true });
		await field.fill(value);
		await field.press('Tab');
	}
}

export async function storedRuns(page: Page): Promise<Run[]> {
	return (await readStore(page, 'runs')) as Run[];
}

/** Waits until the newest run of a kind has a status, and returns it. */
export async function waitForRun(
	page: Page,
	kind: Run['kind'],
	status: Run['status'],
	timeout: number
): Promise<Run> {
	const end = Date.now() + timeout;
	for (;;) {
		const runs = (await storedRuns(page)).filter((run) => run.kind === kind);
		const run = runs.sort((a, b) => b.createdAt - a.createdAt)[0];
		if (run?.status === status) {
			return run;
		}
		if (run?.status === 'failed' || Date.now() > end) {
			throw new Error(
				`The ${kind} run is ${run?.status ?? 'missing'} at step ${run?.step}, not ${status}: ${run?.error?.message ?? 'time is up'}`
			);
		}
		await page.waitForTimeout(250);
	}
}

export async function readStore(page: Page, store: string): Promise<unknown[]> {
	return page.evaluate(
		(name) =>
			new Promise<unknown[]>((resolve, reject) => {
				const open = indexedDB.open('tiller');
				open.onerror = () => reject(open.error ?? new Error('no database'));
				open.onsuccess = () => {
					const db = open.result;
					const request = db.transaction(name).objectStore(name).getAll();
					request.onerror = () => reject(request.error ?? new Error('no store'));
					request.onsuccess = () => {
						db.close();
						resolve(request.result);
					};
				};
			}),
		store
	);
}

async function readWeights(page: Page, id: string): Promise<ArrayBuffer> {
	const base64 = await page.evaluate(
		(wanted) =>
			new Promise<string>((resolve, reject) => {
				const open = indexedDB.open('tiller');
				open.onerror = () => reject(open.error ?? new Error('no database'));
				open.onsuccess = () => {
					const request = open.result.transaction('weights').objectStore('weights').get(wanted);
					request.onerror = () => reject(request.error ?? new Error('no weights'));
					request.onsuccess = () => {
						open.result.close();
						const { bytes } = request.result as { bytes: ArrayBuffer };
						const reader = new FileReader();
						reader.onload = () => resolve((reader.result as string).split(',')[1] ?? '');
						reader.readAsDataURL(new Blob([bytes]));
					};
				};
			}),
		id
	);
	const buffer = Buffer.from(base64, 'base64');
	return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength); // Buffers are never shared memory here
}

export interface StoredAssets {
	rewardModel: { record: RewardModelRecord; weights: ArrayBuffer };
	policy: { record: PolicyRecord; weights: ArrayBuffer };
}

/** The newest reward model and policy with their weights. */
export async function storedAssets(page: Page): Promise<StoredAssets> {
	const rewardModel = ((await readStore(page, 'rewardModels')) as RewardModelRecord[]).at(-1);
	const policy = ((await readStore(page, 'policies')) as PolicyRecord[]).at(-1);
	if (!rewardModel || !policy) {
		throw new Error('No reward model or policy is stored.');
	}
	return {
		rewardModel: { record: rewardModel, weights: await readWeights(page, rewardModel.id) },
		policy: { record: policy, weights: await readWeights(page, policy.id) }
	};
}
