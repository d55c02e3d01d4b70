import { describe, expect, test } from 'vitest';
import { mergeFeedback, type MergePart } from '../../../../../src/core/formats/feedback/merge';
import { nameRow } from '../../../../../src/core/formats/feedback/identity';
import type { FeedbackRow } from '../../../../../src/core/formats/feedback/row';
import { Random } from '../../../../../src/core/random';
import { exportAs, importText } from './files';
import { anyRows } from './random-rows';

const answer = (id: string, fields: Partial<FeedbackRow> = {}): FeedbackRow => ({
	...nameRow({
		id,
		kind: 'comparison',
		prompt: { text: 'Once' },
		completions: [{ text: ' a' }, { text: ' b' }],
		judgement: { outcome: 'a' },
		source: 'human'
	}),
	...fields
});

const ada = { name: 'Ada', id: 'ada' };
const ben = { name: 'Ben', id: 'ben' };

describe('files of several people', () => {
	test('become one dataset in which every row says whose it is', () => {
		const merged = mergeFeedback([
			{ annotator: ada, rows: [answer('1'), answer('2', { annotator: ben })] },
			{ annotator: ben, rows: [answer('3'), answer('4', { judgement: null })] },
			{ annotator: null, rows: [answer('5', { annotator: { name: 'Cleo' } }), answer('6')] }
		]);
		expect(merged.rows.map(({ id, annotator }) => [id, annotator?.name])).toEqual([
			['1', 'Ada'],
			['2', 'Ben'],
			['3', 'Ben'],
			['4', undefined],
			['5', 'Cleo'],
			['6', undefined]
		]);
		expect(merged.annotators.map(({ name, rows }) => [name, rows]).sort()).toEqual([
			['Ada', 1],
			['Ben', 2],
			['Cleo', 1]
		]);
		expect(merged).toMatchObject({ duplicates: 0, conflicts: [] });
	});

	test('an event in two files counts once; of two versions the richer one stays', () => {
		const poor = answer('1', { annotator: ada });
		const rich = answer('1', { annotator: ada, createdAt: 5 });
		const parts: MergePart[] = [
			{ annotator: null, rows: [poor] },
			{ annotator: null, rows: [rich, answer('2', { annotator: ada })] },
			{ annotator: null, rows: [answer('2', { annotator: ada })] }
		];
		const merged = mergeFeedback(parts);
		expect(merged.rows).toEqual([rich, answer('2', { annotator: ada })]);
		expect(merged).toMatchObject({ duplicates: 2, conflicts: ['1'] });
	});

	test('one name without an id is one person in every file', () => {
		const named = (id: string) => answer(id, { annotator: { name: 'Dora' } });
		const { annotators } = mergeFeedback([
			{ annotator: null, rows: [named('1')] },
			{ annotator: null, rows: [named('2')] }
		]);
		expect(annotators).toMatchObject([{ name: 'Dora', rows: 2 }]);
	});

	test('come out the same in every order, to the last bit', async () => {
		const random = new Random(8);
		const all = anyRows(random, 60);
		// Files overlap, and some rows differ under one id.
		const parts: MergePart[] = Array.from({ length: 5 }, (_, i) => ({
			annotator: { name: `person ${i}`, id: `p${i}` },
			rows: all
				.filter(() => random.int(3) === 0)
				.map((row) => (random.int(4) === 0 ? { ...row, createdAt: random.int(3) } : row))
				.map(({ annotator, ...row }) =>
					annotator && random.int(2) === 0 ? { ...row, annotator } : row
				)
		}));
		const first = mergeFeedback(parts);
		expect(first.duplicates).toBeGreaterThan(10);
		expect(first.conflicts.length).toBeGreaterThan(3);
		const bytes = (await exportAs(first.rows, { schema: 'native' })).text;
		for (let round = 0; round < 20; round++) {
			const shuffled = random
				.shuffle(parts)
				.map((part) => ({ ...part, rows: random.shuffle([...part.rows]) }));
			const again = mergeFeedback(shuffled);
			expect(again).toEqual(first);
			expect((await exportAs(again.rows, { schema: 'native' })).text).toBe(bytes);
		}
		const changed = parts.map((part, i) => (i === 0 ? { ...part, rows: [] } : part));
		expect(mergeFeedback(changed).hash).not.toBe(first.hash);
	});

	test('can be written, read and merged again without a change', async () => {
		const rows = anyRows(new Random(10), 40);
		const first = mergeFeedback([{ annotator: ada, rows }]);
		const { bytes } = await exportAs(first.rows, { schema: 'native' });
		const again = mergeFeedback([
			{ annotator: null, rows: (await importText(bytes)).rows },
			{ annotator: null, rows: first.rows }
		]);
		expect(again).toMatchObject({ hash: first.hash, duplicates: 40, conflicts: [] });
	});
});
