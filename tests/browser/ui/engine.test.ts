import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { EngineStatistics, LoadArgs, OperationCounts } from '../../../src/protocol/trainer';
import { putRun } from '../../../src/storage/runs';
import { makeRun } from '../../support/records';
import { goTo, LOADED, openApp, type Opened } from './open-app';

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

const none: OperationCounts = {
	calls: 0,
	tokens: 0,
	wallMs: 0,
	jsMs: 0,
	gpuMs: null,
	dispatches: 0,
	submits: 0,
	readbacks: 0,
	bindGroups: 0
};

/** A training that goes on: 2 steps, 160 dispatches and 20 submits between two looks. */
function statistics(look: number): EngineStatistics {
	return {
		backend: 'cpu',
		device: 'test',
		kernels: { matmul: 'tile 8x4' },
		operations: {
			sample: none,
			score: none,
			backward: {
				...none,
				calls: 2 * look,
				tokens: 2048 * look,
				wallMs: 500 * look,
				jsMs: 0.5 * look,
				dispatches: 160 * look,
				submits: 20 * look,
				readbacks: look
			},
			step: { ...none, calls: 2 * look, wallMs: 10 * look, dispatches: 6 * look }
		},
		bytesAllocated: 12_000_000,
		bytesLive: 10_000_000
	};
}

async function openPanel(answer: (look: number) => EngineStatistics | null = statistics) {
	let looks = 0;
	app = await openApp({
		handlers: { engineStatistics: () => Promise.resolve(answer(++looks)) }
	});
	await app.studio.trainer.ready();
	return { studio: app.studio, looks: () => looks };
}

/** Texts of a row of one of the two tables: last second, then since the start. */
function cells(table: 0 | 1, row: string): string[] {
	const found = document.querySelectorAll('[data-testid=engine-counters] table')[table];
	const line = found?.querySelector(`tr[data-row=${row}]`);
	return [...(line?.querySelectorAll('td') ?? [])].map((td) => td.textContent.trim());
}

test('shows what a call takes, lately and since the start, and looks only while it is open', async () => {
	await page.viewport(1280, 860);
	const { looks } = await openPanel();
	expect(looks(), 'nobody reads them').toBe(0);
	goTo('settings');
	await expect.poll(() => cells(0, 'dispatches'), { timeout: 4000 }).toEqual(['–', '–', '80', '3']);
	expect(cells(0, 'calls')).toEqual(['0', '0', '2', '2']);
	expect(cells(0, 'speed')).toEqual(['–', '–', '4.1K', '–']);
	expect(cells(0, 'jsMs')).toEqual(['–', '–', '0.25', '0']);
	expect(cells(0, 'gpuMs'), 'no row').toEqual([]);
	await expect.element(page.getByText('Not measured here: graphics card, ms.')).toBeVisible();
	await expect.poll(() => Number(cells(1, 'calls')[2])).toBeGreaterThanOrEqual(4);
	expect(cells(1, 'submits')[2], 'of one call').toBe('10');
	await expect.element(page.getByText('12 MB held, 10 MB of it in use')).toBeVisible();
	await expect.element(page.getByText('matmul tile 8x4')).toBeVisible();
	expect(document.querySelector('[data-testid=engine-counters]')?.ariaLive).toBe('off');

	await page.getByTestId('engine').click();
	const closed = looks();
	await new Promise((resolve) => setTimeout(resolve, 1500));
	expect(looks()).toBeLessThanOrEqual(closed + 1);
});

test('before a model is there it says so, and looking does not ask the engine', async () => {
	let looks = 0;
	let loads = 0;
	app = await openApp({
		handlers: {
			load: () => {
				loads++;
				return Promise.reject(new Error('no such file'));
			},
			engineStatistics: () => {
				looks++;
				return Promise.resolve(null);
			}
		}
	});
	const before = loads;
	goTo('settings');
	await expect
		.element(page.getByText('The counters start when the model is loaded.'))
		.toBeVisible();
	await new Promise((resolve) => setTimeout(resolve, 1200));
	expect({ looks, loads }).toEqual({ looks: 0, loads: before });
});

test('explains its words, and fits 360 pixels', async () => {
	await page.viewport(360, 740);
	await openPanel();
	goTo('settings');
	await expect.poll(() => cells(1, 'dispatches')[2]).toBeTruthy();
	await page.getByText('What these words mean').click();
	await expect
		.element(page.getByText('One small program started on the graphics card', { exact: false }))
		.toBeVisible();
	const { scrollWidth, clientWidth } = document.documentElement;
	expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
	await page.viewport(1280, 860);
});

test('a backend that counts nothing says so', async () => {
	const silent = (look: number): EngineStatistics => {
		const unknown = { ...none, calls: look, jsMs: null, dispatches: null, submits: null };
		const counts = { ...unknown, readbacks: null, bindGroups: null };
		return {
			...statistics(look),
			kernels: {},
			operations: { sample: counts, score: counts, backward: counts, step: counts },
			bytesAllocated: null
		};
	};
	await openPanel(silent);
	goTo('settings');
	await expect
		.element(page.getByText('Not measured here: dispatches, submits, readbacks', { exact: false }))
		.toBeVisible();
	expect(cells(1, 'dispatches')).toEqual([]);
	await expect.element(page.getByText('Memory: 10 MB in use.')).toBeVisible();
});

test('what was measured on a graphics card is offered to the next load on it', async () => {
	const asked: LoadArgs[] = [];
	const kernels = { 'matmul 128x344': 'nt=tiled64,nn=tiled64,tn=tiled32/k4' };
	app = await openApp({
		handlers: {
			load: (args) => {
				asked.push(args);
				return Promise.resolve({ ...LOADED, backend: 'webgpu', device: 'card 1', kernels });
			}
		}
	});
	const { trainer } = app.studio;
	await trainer.ready();
	await trainer.choose({ model: 'stories-2.6m' });
	expect(asked.map(({ knownKernels }) => knownKernels)).toEqual([{}, { 'webgpu card 1': kernels }]);
});

test('a run names its engine, and one that changed engines says that it is not bit-exact', async () => {
	const { studio } = await openPanel();
	const db = await app?.db();
	const studyId = studio.study?.id ?? '';
	const engine = { backend: 'wasm', device: 'SIMD', kernels: {} };
	if (db) {
		await putRun(db, makeRun(studyId, { name: 'Straight', status: 'done', engine }));
		const moved = { ...engine, exact: false } as const;
		await putRun(db, makeRun(studyId, { name: 'Moved', status: 'done', engine: moved }));
		await putRun(db, makeRun(studyId, { name: 'Old', status: 'done' }));
		db.close();
	}
	await studio.library.reload();
	goTo('library');
	const line = (name: string) => page.getByRole('listitem').filter({ hasText: name });
	await expect.element(line('Straight')).toHaveTextContent(/seed 7, on WebAssembly, SIMD/);
	await expect.element(line('Straight')).not.toHaveTextContent('bit-exact');
	await expect.element(line('Moved')).toHaveTextContent('not bit-exact with its first part');
	await expect.element(line('Old')).not.toHaveTextContent('WebAssembly');
	goTo('tune');
	await expect.element(page.getByRole('button', { name: /Moved.*not bit-exact/ })).toBeVisible();
});
