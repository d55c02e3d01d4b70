import { describe, expect, test } from 'vitest';
import {
	compareVersions,
	type DatasetRow,
	type DatasetTransform,
	makeVersion,
	rowHash
} from '../../../../src/core/feedback/dataset-version';
import { datasheet, type DatasheetFacts } from '../../../../src/core/feedback/datasheet';
import { shareOf } from '../../../../src/core/feedback/figure';
import { Random } from '../../../../src/core/random';

const TRANSFORM: DatasetTransform = {
	ties: 'half',
	includeSimulated: true,
	dropDuplicates: true,
	heldOut: 0.25,
	splitSeed: 3
};

const row = (i: number, change: Partial<DatasetRow> = {}): DatasetRow => ({
	id: `row ${i}`,
	prompt: `prompt ${i % 5}`,
	promptIds: [i % 5],
	aText: `first text ${i}`,
	bText: `second text ${i} here`,
	outcome: 'a',
	source: 'human',
	annotatorId: 'someone',
	...change
});

const ROWS = Array.from({ length: 20 }, (_, i) => row(i));

const version = (rows: DatasetRow[], change: Partial<DatasetTransform> = {}) =>
	makeVersion(rows, { name: 'stories', transform: { ...TRANSFORM, ...change }, parent: null });

describe('makeVersion', () => {
	test('is named by content: in any order, and for other ids', () => {
		const renamed = ROWS.map((r) => ({ ...r, id: `copy of ${r.id}` }));
		expect(version(ROWS.toReversed()).id).toBe(version(ROWS).id);
		expect(version(renamed).id).toBe(version(ROWS).id);
	});

	test('has another name for every change of a row or a setting', () => {
		const [first, ...rest] = ROWS;
		if (!first) {
			throw new Error('no row');
		}
		const changed: Partial<DatasetRow>[] = [
			{ outcome: 'b' },
			{ aText: 'other' },
			{ prompt: 'other' },
			{ promptIds: [77] },
			{ strength: 2 },
			{ qualityA: 'bad' },
			{ qualityB: 'bad' },
			{ source: 'simulated' },
			{ annotatorId: 'another' }
		];
		const settings: Partial<DatasetTransform>[] = [
			{ ties: 'drop' },
			{ includeSimulated: false },
			{ dropDuplicates: false },
			{ heldOut: 0.5 },
			{ splitSeed: 4 }
		];
		const ids = [
			version(ROWS).id,
			version(rest).id,
			...changed.map((change) => version([{ ...first, ...change }, ...rest]).id),
			...settings.map((change) => version(ROWS, change).id)
		];
		expect(new Set(ids).size).toBe(ids.length);
	});

	test('cannot be changed', () => {
		const made = version(ROWS);
		expect(() => Object.assign(made, { name: 'other' })).toThrow(TypeError);
		expect(() => Object.assign(made.members[0] ?? {}, { hash: '' })).toThrow(TypeError);
		expect(() => Object.assign(made.transform, { heldOut: 0 })).toThrow(TypeError);
	});

	test('never has a prompt on both sides, over random datasets with prompts that recur', () => {
		for (let seed = 0; seed < 40; seed++) {
			const random = new Random(seed);
			const rows = Array.from({ length: 2 + random.int(60) }, (_, i) => {
				const prompt = random.int(1 + random.int(15));
				return row(i, { prompt: `prompt ${prompt}`, promptIds: [prompt] });
			});
			const { members } = version(rows, { heldOut: random.next(), splitSeed: seed });
			const promptOf = new Map(rows.map(({ id, prompt }) => [id, prompt]));
			const promptsOf = (side: string) =>
				members.filter(({ split }) => split === side).map(({ id }) => promptOf.get(id));
			const trained = new Set(promptsOf('train'));
			expect(promptsOf('held-out').filter((prompt) => trained.has(prompt))).toEqual([]);
			expect(members).toHaveLength(rows.length);
		}
	});

	test('says what it left out and why, and counts the rest', () => {
		const rows = [
			row(0),
			row(1, { ...row(0), id: 'row 1' }),
			row(2, { outcome: 'tie', qualityA: 'bad', qualityB: 'bad' }),
			row(3, { source: 'simulated', annotatorId: 'robot' }),
			row(4, { outcome: 'b', annotatorId: 'another' })
		];
		const strict = version(rows, { ties: 'drop', includeSimulated: false });
		expect(strict.excluded.toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
			{ id: 'row 1', reason: 'duplicate' },
			{ id: 'row 2', reason: 'tie' },
			{ id: 'row 3', reason: 'simulated' }
		]);
		expect(version(rows).statistics).toEqual({
			rows: 4,
			prompts: 4,
			byOutcome: { a: 2, b: 1, tie: 1 },
			bySource: { human: 3, simulated: 1 },
			annotators: 3,
			bothBad: 1,
			meanWords: 3.5
		});
		expect(version([]).statistics.meanWords).toBeNull();
		expect(() => version([row(0), row(0)])).toThrow(RangeError);
	});

	test('counts up from its parent', () => {
		const first = version(ROWS);
		const second = makeVersion(ROWS, { name: 'stories', transform: TRANSFORM, parent: first });
		expect([second.number, second.parentId, second.id]).toEqual([2, first.id, first.id]);
	});

	test('rows of one content have one hash', () => {
		expect(rowHash(row(0))).toBe(rowHash({ ...row(0), id: 'x', rankingId: 'y' }));
	});
});

describe('compareVersions', () => {
	test('tells what was added, removed and answered anew', () => {
		const later = [
			...ROWS.slice(2).map((r, i) => (i === 0 ? { ...r, outcome: 'tie' as const } : r)),
			row(20)
		];
		const difference = compareVersions(version(ROWS), version(later, { splitSeed: 4 }));
		expect(difference).toMatchObject({
			added: ['row 20'],
			changed: ['row 2'],
			unchanged: 17,
			transform: ['splitSeed']
		});
		expect(difference.removed.toSorted()).toEqual(['row 0', 'row 1']);
		expect(compareVersions(version(ROWS), version(ROWS.toReversed()))).toEqual({
			added: [],
			removed: [],
			changed: [],
			unchanged: 20,
			moved: [],
			transform: []
		});
	});

	test('tells which rows changed sides', () => {
		const before = version(ROWS, { heldOut: 0 });
		const after = version(ROWS);
		const heldOut = after.members.filter(({ split }) => split === 'held-out');
		expect(compareVersions(before, after).moved).toEqual(heldOut.map(({ id }) => id));
		expect(heldOut.length).toBeGreaterThan(0);
	});
});

describe('datasheet', () => {
	const missing = { value: null, reason: 'nothing-counted' } as const;
	const facts: DatasheetFacts = {
		language: 'en',
		licence: 'cc-by-4.0',
		files: [
			{ split: 'train', path: 'data/train.jsonl', rows: 15 },
			{ split: 'test', path: 'data/test.jsonl', rows: 5 }
		],
		features: [
			{ name: 'prompt', dtype: 'string' },
			{ name: 'chosen', dtype: 'string' }
		],
		writers: ['stories-1m'],
		rates: { tie: shareOf(2, 20), skip: shareOf(0, 20), bothBad: shareOf(1, 20), alarm: 'off' },
		left: missing,
		noise: missing,
		selfAgreement: missing,
		alpha: missing,
		uses: 'Teaching.',
		limitations: 'One person.'
	};
	const name = 'A "quoted": name\u2028# not a heading';
	const made = makeVersion(ROWS, { name, transform: TRANSFORM, parent: null });
	const card = datasheet(made, facts);
	const [, yaml = '', ...rest] = card.split(/^---$/mu);
	const text = rest.join('');

	test('has the keys that the hub reads', () => {
		const keys = Array.from(yaml.matchAll(/^([a-z_]+):/gmu), ([, key]) => key);
		expect(keys).toEqual([
			'language',
			'license',
			'pretty_name',
			'tags',
			'annotations_creators',
			'size_categories',
			'source_datasets',
			'task_categories',
			'configs',
			'dataset_info'
		]);
		expect(yaml).toContain('size_categories:\n- "n<1K"\n');
		expect(yaml).toContain('  - split: test\n    path: "data/test.jsonl"\n');
		expect(yaml).toContain('  - name: train\n    num_examples: 15\n');
	});

	test('keeps a name with quotes and line ends one scalar', () => {
		const [, scalar = ''] = /^pretty_name: (.*)$/mu.exec(yaml) ?? [];
		expect(JSON.parse(scalar)).toBe(name);
		expect(scalar).not.toMatch(/[\u0085\u2028\u2029]/u);
	});

	test('has the headings of the template', () => {
		const headings = Array.from(text.matchAll(/^#{2,4} (.*)$/gmu), ([, heading]) => heading);
		expect(headings).toEqual([
			'Dataset Details',
			'Uses',
			'Dataset Structure',
			'Dataset Creation',
			'Curation Rationale',
			'Source Data',
			'Annotations',
			'Annotation process',
			'Who are the annotators?',
			'Bias, Risks, and Limitations',
			'Privacy Considerations'
		]);
	});

	test('states figures from the data, with intervals, and says which are not known', () => {
		expect(text).toContain(made.id);
		expect(text).toContain('20 comparisons of two completions each, of 5 prompts');
		expect(text).toMatch(/Ties: 10\.0 % \[2\.8 %, 30\.1 %\], n = 20\./u);
		expect(text).toContain('kappa: not known (nothing-counted)');
		expect(text).toContain('20 answers are of people, 0 of simulated annotators');
	});

	test("keeps a person's words from becoming markup", () => {
		const hostile = datasheet(made, {
			...facts,
			uses: '# Heading\n<script>alert(1)</script>\n---\n1. [link](javascript:1)'
		});
		expect(hostile).toContain(
			'> \\# Heading\n> \\<script\\>alert(1)\\</script\\>\n> \\---\n> 1\\. \\[link'
		);
		expect(text).toContain('# Dataset Card for A "quoted": name \\# not a heading\n');
		expect(hostile.match(/^---$/gmu)).toHaveLength(2);
		expect(datasheet(made, { ...facts, uses: ' ' })).toContain('> Nothing was stated.');
	});

	test('marks what machines answered', () => {
		const mixed = version([row(0), row(1, { source: 'simulated', annotatorId: 'robot' })]);
		const robots = version([row(1, { source: 'simulated' })]);
		expect(datasheet(mixed, facts)).toContain(
			'annotations_creators:\n- "crowdsourced"\n- "machine-generated"\n'
		);
		expect(datasheet(robots, facts)).toContain('annotations_creators:\n- "machine-generated"\n');
	});
});
