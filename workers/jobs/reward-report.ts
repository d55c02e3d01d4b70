/** What is stored with a reward model about where it can be trusted. */
import { calibrationReport, fitTemperature } from '../../src/core/evaluation/calibration';
import { lengthReport, lengthSlice, reportBySlice } from '../../src/core/evaluation/reward-report';
import type { PreferencePair } from '../../src/core/feedback/comparison';
import type { RewardReport } from '../../src/core/records';
import type { F } from '../engine/language-model';

/** rewards: [2n], raw, of a_0, b_0, a_1, b_1, … */
export function rewardReport(
	on: RewardReport['on'],
	pairs: readonly PreferencePair[],
	rewards: F
): RewardReport {
	const judged = pairs.map((pair, i) => ({
		pair,
		lead: (rewards[2 * i] ?? 0) - (rewards[2 * i + 1] ?? 0),
		y: pair.y,
		lengthA: pair.aIds.length,
		lengthB: pair.bIds.length
	}));
	const labelled = { leads: judged.map(({ lead }) => lead), y: judged.map(({ y }) => y) };
	return {
		on,
		slices: reportBySlice([
			...judged.map(({ pair, lead, y, lengthA, lengthB }) => ({
				lead,
				y,
				slices: {
					length: lengthSlice(lengthA, lengthB),
					...(pair.annotatorId !== undefined && { annotator: pair.annotatorId })
				}
			})),
			// A pair with two tags stands in two slices.
			...judged.flatMap(({ pair, lead, y }) =>
				(pair.tags ?? []).map((tag) => ({ lead, y, slices: { tag } }))
			)
		]),
		length: lengthReport({
			rewards,
			lengths: judged.flatMap(({ lengthA, lengthB }) => [lengthA, lengthB]),
			pairs: judged
		}),
		calibration: calibrationReport(labelled),
		temperature: fitTemperature(labelled)
	};
}
