/** Checks of a model against golden values, the same for every backend and for Node and the browser. */
import { expect } from 'vitest';
import type { LanguageModel } from '../../workers/engine/language-model';
import { batchOf } from '../../workers/engine/micro-batches';

export interface Golden {
	ids: number[];
	token_log_probs: number[];
	entropies: number[];
	last_logits: number[];
}

export interface GreedyGolden {
	prompt_ids: number[];
	ids: number[];
	top2_margin: number[];
}

const TOLERANCE = 1e-3;
/** Two tokens this close may swap places by rounding. */
const SMALLEST_MARGIN = 0.01;

export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
	let largest = actual.length === expected.length ? 0 : Infinity;
	for (let i = 0; i < expected.length; i++) {
		const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
		largest = difference <= largest ? largest : difference;
	}
	return largest;
}

export async function expectGoldenScores(model: LanguageModel, golden: Golden): Promise<void> {
	const batch = batchOf([{ promptIds: golden.ids.slice(0, 1), ids: golden.ids.slice(1) }]);
	const scores = await model.score(batch, { temperature: 1 });
	const logits = await model.logits(batch, golden.ids.length - 1);
	const differences = {
		logProb: largestDifference(scores.logProb.subarray(1), golden.token_log_probs),
		entropy: largestDifference(scores.entropy.subarray(1), golden.entropies.slice(0, -1)),
		logits: largestDifference(logits, golden.last_logits)
	};
	console.log(`golden ${model.backend}: ${JSON.stringify(differences)}`);
	for (const difference of Object.values(differences)) {
		expect(difference).toBeLessThanOrEqual(TOLERANCE);
	}
}

/** Greedy text token for token, up to the first step whose two best logits nearly tie. */
export async function expectGreedyText(
	model: LanguageModel,
	goldens: readonly GreedyGolden[],
	maxNew = 64
): Promise<void> {
	const sampled = await model.sample(
		goldens.map((g) => Int32Array.from(g.prompt_ids)),
		{ temperature: 0, maxNew, stop: [], seed: 1, first: 0 }
	);
	goldens.forEach((g, b) => {
		const start = g.prompt_ids.length;
		const firstClose = g.top2_margin.findIndex((margin) => margin < SMALLEST_MARGIN);
		const steps = Math.min(maxNew, firstClose === -1 ? g.top2_margin.length : firstClose);
		const from = b * sampled.T + start;
		expect(steps).toBeGreaterThan(Math.min(maxNew, 16));
		expect(Array.from(sampled.ids.subarray(from, from + steps))).toEqual(
			g.ids.slice(start, start + steps)
		);
	});
}
