import { expect, test } from 'vitest';
import { isFound, labelOf, NO_FILTER, tagsOf } from '../../../src/core/shelf';

const item = {
	node: { id: '1', kind: 'policy' as const, name: 'Tuned 1', createdAt: 1 },
	note: { alias: 'best', tags: ['class'], note: 'Reads WELL.' },
	facts: 'step 40',
	isStale: false
};

test('all words must occur, anywhere, in any order and case', () => {
	const found = (text: string) => isFound(item, { ...NO_FILTER, text });
	expect(['', 'well tuned', 'BEST 40', 'class'].map(found)).toEqual([true, true, true, true]);
	expect(found('well badly')).toBe(false);
	expect(isFound({ ...item, note: null }, { ...NO_FILTER, text: 'best' })).toBe(false);
});

test('kind, tag and staleness narrow', () => {
	const narrowed = (filter: object) => isFound(item, { ...NO_FILTER, ...filter });
	expect(narrowed({ kind: 'policy', tag: 'class' })).toBe(true);
	expect(narrowed({ kind: 'run' })).toBe(false);
	expect(narrowed({ tag: 'clas' })).toBe(false);
	expect(narrowed({ isStaleOnly: true })).toBe(false);
});

test('labels are without spaces and commas, short, and each tag once', () => {
	expect(labelOf('  For My, Class ')).toBe('for-my-class');
	expect(labelOf('x'.repeat(99))).toHaveLength(40);
	expect(tagsOf('a, B b ,, a ,A')).toEqual(['a', 'b-b']);
});
