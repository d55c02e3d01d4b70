import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { makeVersion } from '../../../src/core/feedback/dataset-version';
import { transformOf } from '../../../src/state/versions.svelte';
import { goTo, openApp, type Opened } from './open-app';

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

async function openLibrary(): Promise<Opened> {
	await page.viewport(1280, 860);
	app = await openApp();
	goTo('library');
	await expect.element(page.getByRole('button', { name: 'Import files' })).toBeVisible();
	return app;
}

const line = (i: number) =>
	`${JSON.stringify({ prompt: `prompt ${i % 97}`, chosen: `good ${i} 😀`, rejected: `bad ${i}` })}\n`;
const lines = (n: number) => Array.from({ length: n }, (_, i) => line(i));

const fileOf = (parts: BlobPart[], name: string) => new File(parts, name);

async function zipped(parts: string[], name: string): Promise<File> {
	const packed = new Blob(parts).stream().pipeThrough(new CompressionStream('gzip'));
	return fileOf([await new Response(packed).blob()], name);
}

const LONG = { timeout: 50_000 };

/** Through the file chooser's own element, as the browser would fill it in. */
async function give(...files: File[]): Promise<void> {
	const { studio } = app ?? {};
	if (!studio?.imports.isOpen) {
		await page.getByRole('button', { name: 'Import files' }).click();
	}
	const find = () => document.querySelector<HTMLInputElement>('[data-testid=import-files]');
	await expect.poll(find, LONG).not.toBeNull();
	const input = find();
	const transfer = new DataTransfer();
	files.forEach((file) => transfer.items.add(file));
	if (input) {
		input.files = transfer.files;
		input.dispatchEvent(new Event('change', { bubbles: true }));
	}
	// Every file was looked at.
	await expect
		.poll(() => studio?.imports.chosen.every(({ inspection, error }) => inspection ?? error), LONG)
		.toBeTruthy();
}

const report = () => page.getByTestId('import-report');
const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();

/** The report, and the study read anew. */
async function shown(): Promise<void> {
	await expect.element(report(), LONG).toBeVisible();
	await expect.poll(() => app?.studio.imports.isSettling, LONG).toBe(false);
}

async function importAs(where: RegExp, ...files: File[]): Promise<void> {
	await give(...files);
	await page.getByRole('radio', { name: where }).click();
	await press(files.length === 1 ? 'Import' : `Merge ${files.length} files`);
	await shown();
}

const hashOf = ({ studio }: Opened) =>
	makeVersion(studio.versions.rows(), {
		name: 'x',
		transform: transformOf(studio.reward.config, 1),
		parent: null
	}).id;

/** What an export would write. */
async function exported({ studio }: Opened): Promise<BlobPart[]> {
	const parts: BlobPart[] = [];
	for await (const piece of studio.exports.pieces()) {
		parts.push(piece);
	}
	return parts;
}

test('10,000 lines with a bad one: 9,999 imported, the line named, and the second time nothing new', async () => {
	const opened = await openLibrary();
	const parts = lines(10_000);
	parts[4321] = '{"prompt": "oops"\n';
	await give(fileOf(parts, 'prefs.jsonl'));
	await expect.element(page.getByText('TRL preference, JSON Lines')).toBeVisible();
	await expect.element(page.getByText('good 0 😀')).toBeVisible();
	await press('Import');
	await shown();
	await expect.element(report()).toHaveTextContent('9,999 rows imported');
	await expect.element(report()).toHaveTextContent('Line 4322: not valid JSON');
	expect(opened.studio.comparisons.answers.size).toBe(9999);
	expect(opened.studio.reward.pairs.length).toBe(9999);
	// Nobody's answers are counted as those of whoever sits here.
	const own = opened.studio.annotators.current?.id;
	const keys = [...opened.studio.comparisons.answers.values()].map((answer) =>
		opened.studio.annotators.keyOf(answer)
	);
	expect(keys).not.toContain(own);
	expect(opened.studio.comparisons.canUndo).toBe(false);
	await press('Import more');
	await importAs(/Into “/, fileOf(parts, 'prefs.jsonl'));
	await expect.element(report()).toHaveTextContent('Nothing new was imported');
	expect(opened.studio.comparisons.answers.size).toBe(9999);
});

test('gzip, CSV and Parquet; an export comes back into a fresh study with the same content hash', async () => {
	const opened = await openLibrary();
	await importAs(/Into “/, await zipped(lines(300), 'anna.jsonl.gz'));
	await expect.element(report()).toHaveTextContent('300 rows imported');
	const { studio } = opened;
	const before = hashOf(opened);
	const first = studio.study?.id;
	for (const [schema, container, extension] of [
		['native', 'jsonl', 'jsonl'],
		['table', 'csv', 'csv'],
		['trl-preference', 'parquet', 'parquet']
	] as const) {
		await studio.exports.choose({ schema, container });
		// A native file holds the 97 prompts too.
		const rows = schema === 'native' ? 397 : 300;
		expect(studio.exports.preview).toMatchObject({ kept: rows, written: rows, dropped: {} });
		const parts = await exported(opened);
		studio.imports.again();
		await importAs(/Into a new study/, fileOf(parts, `anna.${extension}`));
		await expect.element(report()).toHaveTextContent('300 rows imported');
		expect(studio.study?.id).not.toBe(first);
		expect(hashOf(opened)).toBe(before);
		const original = studio.library.studies.find(({ id }) => id === first);
		if (original) {
			await studio.library.openStudy(original);
		}
	}
});

test('own answers, exported and read into a fresh study, have the same content hash', async () => {
	const opened = await openLibrary();
	const { studio } = opened;
	goTo('compare');
	await expect.element(page.getByTestId('book')).toBeVisible();
	for (const [i, outcome] of (['a', 'tie', 'b', 'skip'] as const).entries()) {
		await expect.poll(() => studio.comparisons.current !== null).toBe(true);
		const { current } = studio.comparisons;
		const context = { ...studio.annotators.context, responseMs: 900 + i };
		await studio.comparisons.answer(current?.id ?? '', { outcome, strength: 0 }, context);
	}
	await studio.comparisons.undo();
	const before = hashOf(opened);
	await studio.exports.choose({ schema: 'native', container: 'jsonl' });
	const parts = await exported(opened);
	goTo('library');
	await importAs(/Into a new study/, fileOf(parts, 'mine.jsonl'));
	expect(hashOf(opened)).toBe(before);
	expect(studio.versions.rows()).toHaveLength(3);
});

test('an import is cancelled within half a second, and goes on where it stopped', async () => {
	const opened = await openLibrary();
	const parts = lines(30_000);
	await give(fileOf(parts, 'long.jsonl'));
	await expect.element(page.getByText('TRL preference, JSON Lines')).toBeVisible();
	await press('Import');
	await expect.poll(() => opened.studio.imports.counts?.kept ?? 0, LONG).toBeGreaterThan(0);
	const started = performance.now();
	await press('Cancel');
	await expect.element(report()).toHaveTextContent('import the same file again to go on');
	console.log(`cancelled and reported in ${Math.round(performance.now() - started)} ms`);
	await shown();
	const { outcome } = opened.studio.imports;
	const kept = outcome?.kept ?? 0;
	expect(kept).toBeLessThan(30_000);
	expect(opened.studio.comparisons.answers.size).toBe(kept);
	await press('Import more');
	await importAs(/Into “/, fileOf(parts.slice(0, kept + 10), 'long.jsonl'));
	expect(opened.studio.comparisons.answers.size).toBe(kept + 10);
});

test('files of several people are one dataset, whichever comes first', async () => {
	const opened = await openLibrary();
	const files = [
		fileOf(lines(40), 'anna.jsonl'),
		fileOf(lines(60).slice(20), 'bob.jsonl'),
		fileOf(
			['{"kind":"comparison","prompt":"p","a":"x","b":"y","outcome":"a","annotator":"Cleo"}\n'],
			'cleo.jsonl'
		)
	];
	const hashes: string[] = [];
	for (const order of [files, files.toReversed()]) {
		await importAs(/Into a new study/, ...order);
		await expect.element(report()).toHaveTextContent('61 rows imported');
		const names = [...opened.studio.comparisons.answers.values()].map((e) => e.annotator.name);
		expect(new Set(names)).toEqual(new Set(['anna', 'bob', 'Cleo']));
		hashes.push(hashOf(opened));
		await press('Import more');
	}
	expect(hashes[0]).toBe(hashes[1]);
});

test('a file that is dropped on any page opens the import; one that is no feedback says so', async () => {
	const opened = await openLibrary();
	goTo('sample');
	const transfer = new DataTransfer();
	transfer.items.add(fileOf(['{"x":1}\n'], 'other.jsonl'));
	window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
	await expect.element(page.getByRole('dialog', { name: 'Import feedback' })).toBeVisible();
	await expect
		.element(page.getByRole('alert'))
		.toHaveTextContent('no feedback file that Tiller knows');
	await expect.element(page.getByRole('button', { name: 'Import', exact: true })).toBeDisabled();
	await userEvent.keyboard('{Escape}');
	await expect.poll(() => opened.studio.imports.isOpen).toBe(false);
});

test('prompts alone go into a set of prompts', async () => {
	const opened = await openLibrary();
	await give(fileOf(['{"prompt":"A red boat"}\n{"prompt":"A blue kite"}\n'], 'toys.jsonl'));
	await expect.element(page.getByRole('radio', { name: /Only the prompts/ })).toBeChecked();
	await press('Import');
	await expect.element(report()).toHaveTextContent('2 rows imported');
	expect(opened.studio.comparisons.presentations).toHaveLength(0);
});

test('an export shows what it would leave out before it is saved', async () => {
	const opened = await openLibrary();
	const rows = [
		{ prompt: 'p', chosen: 'x', rejected: 'y' },
		{ prompt: 'p', chosen: 'z', rejected: 'y', meta_source: 'simulated', meta_annotator: 'robot' }
	];
	const table = { kind: 'comparison', prompt: 'p', a: '=1+1', b: 'w', outcome: 'tie' };
	const both = [
		fileOf(
			rows.map((row) => `${JSON.stringify(row)}\n`),
			'one.jsonl'
		),
		fileOf([`${JSON.stringify(table)}\n`], 'two.jsonl')
	];
	await importAs(/Into “/, ...both);
	await press('Done');
	await press('Export');
	const counts = page.getByTestId('export-counts');
	await expect.element(counts).toHaveTextContent('4 rows of 4');
	await page.getByLabelText('Format').selectOptions('TRL preference');
	await expect.element(counts).toHaveTextContent('2 rows of 3');
	await expect.element(counts).toHaveTextContent('1 ties, for which the format has no place');
	await expect.element(counts).toHaveTextContent('1 row is of simulated annotators');
	await page.getByRole('combobox', { name: 'From' }).selectOptions('people only');
	await expect.element(counts).toHaveTextContent('1 answer is left out by what you chose above');
	await page.getByLabelText('Format').selectOptions('Tiller table');
	await page.getByLabelText('Kind of file').selectOptions('CSV');
	await expect.element(counts).toHaveTextContent('2 rows of 2');
	const text = await new Blob(await exported(opened)).text();
	expect(text).toContain(",'=1+1,");
	const card = await opened.studio.exports.datasheet('data.csv', 'Mine');
	expect(card).toContain('# Dataset Card for Mine');
	expect(card).toContain('path: "data.csv"');
});

test('versions are kept, named by content, and compared', async () => {
	const opened = await openLibrary();
	const { studio } = opened;
	await importAs(/Into “/, fileOf(lines(20), 'a.jsonl'));
	await press('Done');
	await press('Keep a version');
	await press('Save');
	await expect.element(page.getByTestId('versions')).toHaveTextContent('answers 1');
	await expect.element(page.getByTestId('versions')).toHaveTextContent('20 pairs');
	const [pair, other] = studio.comparisons.presentations;
	const context = { ...studio.annotators.context, responseMs: 1 };
	await studio.comparisons.answer(pair?.id ?? '', null, context);
	await studio.comparisons.answer(other?.id ?? '', { outcome: 'tie', strength: 0 }, context);
	await press('Keep a version');
	await press('Save');
	await expect.element(page.getByTestId('versions')).toHaveTextContent('answers 2');
	await page.getByText('Compare two versions').click();
	const diff = page.getByTestId('version-diff');
	await expect.element(diff).toHaveTextContent('1 answer changed');
	await expect.element(diff).toHaveTextContent('1 answer taken back');
	// The first one can still be written as it was.
	const [first] = studio.versions.records;
	await studio.exports.choose({ schema: 'trl-preference', versionId: first?.id ?? null });
	expect(studio.exports.preview).toMatchObject({ kept: 20, written: 20 });
	await studio.exports.choose({ versionId: null });
	expect(studio.exports.preview).toMatchObject({ kept: 18 });
});

test('a reward run names the version it learns from, and longer pairs than the model reads are no part of it', async () => {
	let pairs = 0;
	app = await openApp({
		handlers: {
			trainReward: (args) => {
				pairs = args.pairs.length;
				return Promise.reject(new Error('far enough'));
			}
		}
	});
	goTo('library');
	const long = { prompt: 'p', chosen: 'x'.repeat(300), rejected: 'y' };
	await importAs(/Into “/, fileOf([...lines(20), `${JSON.stringify(long)}\n`], 'a.jsonl'));
	await expect.element(report()).toHaveTextContent('1 pair is longer than the model can read');
	const { reward, versions } = app.studio;
	await reward.train();
	const [version] = versions.records;
	expect(pairs).toBe(20);
	expect(version?.dataset.statistics.rows).toBe(20);
	expect(version?.madeFor).toBe('reward');
	expect(reward.job.run?.parents.datasetVersionId).toBe(version?.dataset.id);
});
