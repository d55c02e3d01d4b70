import { describe, expect, test } from 'vitest';
import { type DiffPart, diffWords } from '../../../src/core/text-diff';

const MARK = { same: '', removed: '-', added: '+' } as const;
const shown = (parts: DiffPart[]) =>
	parts.map(({ kind, text }) => `${MARK[kind]}[${text}]`).join('');
const side = (parts: DiffPart[], kind: 'removed' | 'added') =>
	parts
		.filter((part) => part.kind === 'same' || part.kind === kind)
		.map((part) => part.text)
		.join('');

describe('diffWords', () => {
	test('joins neighbouring words of one kind', () => {
		expect(shown(diffWords('Tim was very sad today.', 'Tim was happy today.'))).toBe(
			'[Tim was]-[ very sad]+[ happy][ today.]'
		);
	});

	test('gives both texts back, space for space', () => {
		const pairs: [string, string][] = [
			['a b c d', 'b x d  e\n'],
			[' lead', 'lead'],
			['', 'new words'],
			['one two three two one', 'two one two three']
		];
		for (const [before, after] of pairs) {
			const parts = diffWords(before, after);
			expect(side(parts, 'removed')).toBe(before);
			expect(side(parts, 'added')).toBe(after);
		}
	});

	test('removes and adds as little as possible', () => {
		const parts = diffWords(' a b c a b b a', ' c b a b a c');
		const kept = parts.filter((part) => part.kind === 'same').map((part) => part.text);
		expect(kept.join('').trim().split(' ')).toHaveLength(4);
	});

	test('finds nothing between equal texts and nothing in empty ones', () => {
		expect(diffWords('a b', 'a b')).toEqual([{ kind: 'same', text: 'a b' }]);
		expect(diffWords('', '')).toEqual([]);
	});
});
