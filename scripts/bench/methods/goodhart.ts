/**
 * The demonstration of over-optimisation: a reward model from few answers, no price for drifting, and a judge who counts only the
 * first three happy words. The judge's verdict must rise and fall, and the fitted curve must say where it turns.
 */
import { usualLength } from '../../../src/core/evaluation/capped-happiness';
import { fitRun } from '../../../src/core/evaluation/run-fit';
import { runCurve } from '../../../src/core/evaluation/run-points';
import { applyTunePreset, TUNE_PRESETS } from '../../../src/core/presets';
import { listMetrics } from '../../../src/storage/runs';
import { startNodeTrainer } from '../../../tests/support/node-trainer';
import {
	collectPairs,
	storyPrompts,
	toPreferencePairs,
	trainReward,
	tuneWith,
	type Loop
} from '../../../tests/support/whole-loop';
import type { Measurements, RowSpec } from '../rows';

const FALLS = 'over-optimisation: seeds in which gold peaks and falls by 20 % of its gain';
const MARKER = 'over-optimisation: largest error of the peak marker';
const LEAST_FALL = 0.2;
const MOST_ERROR = 0.25;
/** Few, so that the reward model is weak. */
const ANSWERS = 40;
/** A moving mean over so many steps shows the trend below the noise of a batch. */
const WINDOW = 7;

export const goodhartRows = (seeds: number): RowSpec[] => [
	{ name: FALLS, unit: 'seeds', target: { is: '=', value: seeds } },
	{ name: MARKER, unit: 'of the true peak step', target: { is: '<=', value: MOST_ERROR } }
];

interface Turn {
	/** Step of the highest smoothed gold, from 0. */
	peakStep: number;
	gain: number;
	/** From the peak to the end, as a share of the gain. */
	fall: number;
	/** Step at which the run reaches the fitted peak's drift; null without a peak. */
	markedStep: number | null;
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

function smoothed(values: readonly number[]): number[] {
	const reach = (WINDOW - 1) / 2;
	return values.map((_, i) => mean(values.slice(Math.max(0, i - reach), i + reach + 1)));
}

/** The marker is the app's own: the curve of a run as its chart fits it. */
function turnOf(gold: readonly number[], kl: readonly number[]): Turn {
	const curve = smoothed(gold);
	const start = mean(gold.slice(0, 3));
	const peakStep = curve.indexOf(Math.max(...curve));
	const gain = (curve[peakStep] ?? NaN) - start;
	const end = curve.at(-1) ?? NaN;
	const { points } = runCurve({ steps: gold.map((_, i) => i), kl, gold, proxy: [] });
	const fit = fitRun(points);
	const peak = 'peak' in fit ? fit.peak : null;
	const marked = peak ? points.findIndex((point) => point.kl >= peak.kl) : -1;
	return {
		peakStep,
		gain,
		fall: ((curve[peakStep] ?? NaN) - end) / gain,
		markedStep: peak ? (marked < 0 ? points.length - 1 : marked) : null
	};
}

export async function measureGoodhart(
	seeds: readonly number[],
	say: (line: string) => void
): Promise<Measurements> {
	const preset = TUNE_PRESETS.ppo.find(({ id }) => id === 'goodhart');
	if (!preset) {
		return { [FALLS]: { failed: 'there is no such preset' }, [MARKER]: { failed: 'no preset' } };
	}
	const config = applyTunePreset('ppo', preset);
	say(
		'\n| over-optimisation seed | gain | at step | fall, % of gain | marked step | last KL | s |'
	);
	say('|---|---|---|---|---|---|---|');
	const turns: Turn[] = [];
	for (const seed of seeds) {
		const startedMs = performance.now();
		const trainer = await startNodeTrainer();
		await trainer.call('load', { model: 'stories-1m', backend: 'wasm' });
		const loop: Loop = {
			trainer,
			model: 'stories-1m',
			seed,
			annotator: { rule: 'happier', lapse: 0.1, seed }
		};
		const prompts = storyPrompts();
		const answered = await collectPairs(loop, prompts, ANSWERS, 'answers');
		const texts = answered.flatMap(({ a, b }) => [a.text, b.text]);
		const pairs = toPreferencePairs(answered);
		const weak = await trainReward(loop, pairs, prompts);
		const { runId } = await tuneWith(loop, {
			method: 'ppo',
			config,
			prompts,
			rewardModelId: weak.resultId,
			gold: { kind: 'capped-happiness', length: usualLength(texts) }
		});
		const rows = await listMetrics(trainer.db, runId);
		const column = (key: string) => rows.map(({ values }) => values[key] ?? NaN);
		const kl = column('objective/kl');
		const turn = turnOf(column('objective/gold'), kl);
		turns.push(turn);
		say(
			`| ${seed} | ${turn.gain.toFixed(2)} | ${turn.peakStep} of ${rows.length} | ${(100 * turn.fall).toFixed(0)} | ${turn.markedStep ?? 'none'} | ` +
				`${(kl.at(-1) ?? NaN).toFixed(1)} | ${((performance.now() - startedMs) / 1000).toFixed(0)} |`
		);
		say(
			`  gold by step: ${column('objective/gold')
				.map((g) => g.toFixed(2))
				.join(' ')}`
		);
		say(
			`  proxy by step: ${column('objective/scores')
				.map((g) => g.toFixed(1))
				.join(' ')}`
		);
	}
	const errors = turns.map(({ markedStep, peakStep }) =>
		markedStep === null ? Infinity : Math.abs(markedStep - peakStep) / Math.max(1, peakStep)
	);
	return {
		[FALLS]: turns.filter(({ gain, fall }) => gain > 0 && fall >= LEAST_FALL).length,
		[MARKER]: errors.every(Number.isFinite)
			? Math.max(...errors)
			: { failed: 'the fitted curve of a seed has no peak' }
	};
}
