import { describe, expect, test } from 'vitest';
import { gae, ppoAdvantages } from '../../../../src/core/methods/gae';
import { afterPrompt, batchOf, batchOfResponses, readAfter } from '../batches';
import { expectClose, golden } from '../numeric';

interface Fixture {
	rewards: number[][];
	values: number[][];
	mask: number[][];
	cases: { gamma: number; lambda: number; advantages: number[][]; returns: number[][] }[];
}

const fixture = golden<Fixture>('01_gae');
const lengths = fixture.mask.map((row) => row.reduce((a, b) => a + b, 0));

describe('gae', () => {
	test.each(fixture.cases)('matches gamma $gamma, lambda $lambda on one sequence', (expected) => {
		lengths.forEach((n, b) => {
			const rewards = Float64Array.from((fixture.rewards[b] ?? []).slice(0, n));
			const values = Float64Array.from((fixture.values[b] ?? []).slice(0, n));
			const actual = gae(rewards, values, expected);
			expectClose(actual.advantages, expected.advantages[b]?.slice(0, n) ?? []);
			expectClose(actual.returns, expected.returns[b]?.slice(0, n) ?? []);
		});
	});

	test('with lambda 1 is the return to go less the value', () => {
		const { advantages, returns } = gae(Float64Array.of(1, 2, 4), Float64Array.of(3, 5, 9), {
			gamma: 1,
			lambda: 1
		});
		expect([...returns]).toEqual([7, 6, 4]);
		expect([...advantages]).toEqual([4, 1, -5]);
	});

	test('gives nothing for an empty sequence and refuses lengths that differ', () => {
		const discounts = { gamma: 1, lambda: 0.95 };
		expect(gae(new Float64Array(0), new Float64Array(0), discounts).advantages).toHaveLength(0);
		expect(() => gae(new Float64Array(2), new Float64Array(1), discounts)).toThrow(RangeError);
	});
});

describe('ppoAdvantages', () => {
	test.each(fixture.cases)(
		'matches gamma $gamma, lambda $lambda at the response columns',
		(expected) => {
			const batch = batchOfResponses(lengths);
			const rewards = afterPrompt(fixture.rewards);
			const actual = ppoAdvantages(batch, rewards, readAfter(fixture.values), expected);
			expectClose(actual.advantages, afterPrompt(expected.advantages));
			expectClose(actual.returns, afterPrompt(expected.returns));
		}
	);

	test('takes nothing from prompts, padding or the value after the last token', () => {
		const batch = batchOf(5, [[2, 4]]);
		const rewards = Float64Array.of(99, 99, 0.5, 1, 99);
		const value = Float64Array.of(99, 0.1, 0.2, 99, 99);
		const { advantages, returns } = ppoAdvantages(batch, rewards, value, { gamma: 1, lambda: 0.5 });
		expectClose(advantages, [0, 0, 0.5 + 0.2 - 0.1 + 0.5 * 0.8, 0.8, 0], 1e-15);
		expectClose(returns, [0, 0, 1.1, 1, 0], 1e-15);
	});

	test('leaves rows without a response at zero', () => {
		const batch = batchOf(3, [
			[2, 2],
			[2, 3]
		]);
		const rewards = Float64Array.of(1, 1, 1, 0, 0, 1);
		const { advantages } = ppoAdvantages(batch, rewards, new Float64Array(6), {
			gamma: 1,
			lambda: 1
		});
		expect([...advantages]).toEqual([0, 0, 0, 0, 0, 1]);
	});
});
