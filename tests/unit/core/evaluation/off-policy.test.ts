import { describe, expect, test } from 'vitest';
import {
	effectiveSampleSize,
	offPolicyValue,
	sequenceLogWeights
} from '../../../../src/core/evaluation/off-policy';
import { Random } from '../../../../src/core/random';
import { batchOf } from '../batches';
import { expectClose } from '../numeric';

const estimates = (feedback: Parameters<typeof offPolicyValue>[0]) => {
	const value = offPolicyValue(feedback);
	if (!('ips' in value)) {
		throw new Error(value.reason);
	}
	return value;
};

describe('offPolicyValue', () => {
	test('is the plain mean where both policies are one', () => {
		const rewards = [1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1];
		const { ips, snips, dr, effectiveSize } = estimates({
			logWeights: rewards.map(() => 0),
			rewards
		});
		expectClose([ips.estimate, snips.estimate, effectiveSize], [8 / 12, 8 / 12, 12]);
		expectClose([snips.low, snips.high], [ips.low, ips.high], 1e-12);
		expect(dr).toBeNull();
	});

	test('IPS, SNIPS and DR by hand', () => {
		const w = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1.5 : 0.5));
		const rewards = w.map((_, i) => (i % 2 === 0 ? 2 : 1));
		const { ips, snips, dr, largestShare } = estimates({
			logWeights: w.map(Math.log),
			rewards,
			predicted: { logged: rewards.map((r) => r - 0.5), target: rewards.map(() => 3) }
		});
		expectClose(
			[ips.estimate, snips.estimate, dr?.estimate ?? NaN, largestShare],
			[(1.5 * 2 + 0.5) / 2, (1.5 * 2 + 0.5) / 2, 3 + 0.5, 1.5 / 20]
		);
	});

	test('find what another policy earns, and DR with a good prediction is the surest', () => {
		const random = new Random(9);
		const behaviour = [0.6, 0.3, 0.1];
		const target = [0.2, 0.3, 0.5];
		const worth = [0, 1, 3];
		const truth = target.reduce((sum, p, i) => sum + p * (worth[i] ?? NaN), 0);
		const chosen = Array.from({ length: 600 }, () => {
			const u = random.next();
			return u < 0.6 ? 0 : u < 0.9 ? 1 : 2;
		});
		const feedback = {
			logWeights: chosen.map((i) => Math.log((target[i] ?? NaN) / (behaviour[i] ?? NaN))),
			rewards: chosen.map((i) => (worth[i] ?? NaN) + 0.3 * random.normal()),
			predicted: { logged: chosen.map((i) => worth[i] ?? NaN), target: chosen.map(() => truth) }
		};
		const { ips, snips, dr } = estimates(feedback);
		for (const interval of [ips, snips, dr]) {
			expect(interval && interval.low < truth && truth < interval.high).toBe(true);
		}
		const width = ({ low, high }: { low: number; high: number }) => high - low;
		expect(dr && width(dr) < width(snips) && width(snips) < width(ips)).toBe(true);
	});

	test('is refused below an effective size of 10, with the size', () => {
		const logWeights = Array.from({ length: 100 }, (_, i) => (i === 0 ? 20 : 0));
		const refused = offPolicyValue({ logWeights, rewards: logWeights.map(() => 1) });
		expect(refused).toMatchObject({ value: null, reason: 'effective-size-too-small', n: 100 });
		expect(refused.effectiveSize).toBeCloseTo(1, 5);
		expect(
			offPolicyValue({ logWeights: Array(9).fill(0), rewards: Array(9).fill(1) })
		).toMatchObject({
			value: null
		});
	});

	test('bad input: nothing, what is no number, lengths that differ', () => {
		expect(offPolicyValue({ logWeights: [], rewards: [] })).toMatchObject({
			reason: 'no-feedback'
		});
		const twelve: number[] = Array(12).fill(0);
		expect(offPolicyValue({ logWeights: twelve, rewards: twelve.map(() => NaN) })).toMatchObject({
			reason: 'not-finite'
		});
		expect(offPolicyValue({ logWeights: twelve.map(() => NaN), rewards: twelve })).toMatchObject({
			reason: 'not-finite'
		});
		expect(offPolicyValue({ logWeights: twelve.map(() => 800), rewards: twelve })).toMatchObject({
			reason: 'not-finite'
		});
		expect(
			offPolicyValue({ logWeights: twelve.map(() => -Infinity), rewards: twelve })
		).toMatchObject({
			reason: 'effective-size-too-small'
		});
		expect(() => offPolicyValue({ logWeights: [0], rewards: [] })).toThrow(RangeError);
	});
});

describe('weights', () => {
	test('effective size: all alike n, one alone 1, without overflow', () => {
		expect(effectiveSampleSize([5, 5, 5, 5])).toBe(4);
		expect(effectiveSampleSize([900, -900])).toBe(1);
		expect(effectiveSampleSize([])).toBe(0);
	});

	test('of sequences are sums over response tokens, each held to its limit', () => {
		const batch = batchOf(4, [
			[1, 4],
			[2, 2]
		]);
		const target = Float64Array.of(9, -1, -1, -1, 9, 9, 9, 9);
		const behaviour = Float64Array.of(0, -2, -1, -4, 0, 0, 0, 0);
		expectClose(sequenceLogWeights(batch, target, behaviour), [4, 0]);
		expectClose(sequenceLogWeights(batch, target, behaviour, 1.5), [2.5, 0]);
	});
});
