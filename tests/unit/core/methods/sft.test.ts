import { describe, expect, test } from 'vitest';
import { sftCoefficients, sftLoss, sftMask, meanNll } from '../../../../src/core/methods/sft';
import { metricOf } from '../../../../src/core/metrics';
import { batchOf } from '../batches';
import { expectClose, numericalGradient } from '../numeric';

const batch = batchOf(4, [
	[2, 4],
	[1, 3],
	[3, 3]
]);
const logProb = Float64Array.of(0, -1, -2, -4, 0, -0.5, -1.5, 9, 0, -3, -5, 9);
const scores = { logProb, entropy: new Float64Array(12), value: [] };

describe('SFT', () => {
	test('counts the response, or all tokens but the first', () => {
		expect([...sftMask(batch, 'response')]).toEqual([0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0]);
		expect([...sftMask(batch, 'all')]).toEqual([0, 1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0]);
	});

	test('is the mean over all tokens of the batch, by hand', () => {
		expect(meanNll(batch, logProb, 'response')).toBe(2);
		expect(meanNll(batch, logProb, 'all')).toBeCloseTo(17 / 7, 14);
		const { loss, metrics } = sftLoss('response')(scores, batch);
		expect(loss).toBe(2);
		expect(metrics).toEqual({ 'sft/loss': 2, 'sft/perplexity': Math.exp(2) });
		expect(Object.keys(metrics).every((key) => metricOf(key))).toBe(true);
	});

	test.each(['response', 'all'] as const)(
		'has the gradient of its loss over %s tokens',
		(tokens) => {
			const loss = sftLoss(tokens);
			const numerical = numericalGradient(() => loss(scores, batch).loss, logProb);
			expectClose(loss(scores, batch).dLogProb ?? [], numerical, 1e-9);
			// Without any scores.
			expect(sftCoefficients(batch, tokens).dLogProb).toEqual(loss(scores, batch).dLogProb);
		}
	);

	test('skips texts without a token', () => {
		const empty = batchOf(4, [[2, 2]]);
		const result = sftLoss('response')(scores, empty);
		expect([result.loss, result.skip]).toEqual([0, 'the texts have no token to learn']);
		expect(result.dLogProb?.every((d) => Math.abs(d) === 0)).toBe(true);
	});
});
