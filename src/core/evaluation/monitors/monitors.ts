/**
 * Monitors of a run: what was measured of completions at the start against now. An alarm needs both: a change that chance
 * hardly makes (p below 0.05 shared out among all monitors and looks, Bonferroni), and one that is large enough to matter (a
 * limit of its own for each monitor: training is meant to change texts). Every reading has a score, the lesser of both in
 * units of their limits: an alarm from 1 on, and comparable between runs (ROC of the planted-failure lab).
 * Tests: Kolmogorov-Smirnov for what is measured of single completions; for proxy against held-out reward a one-sided test
 * of both means; for reward and length Spearman's interval.
 */
import { type Missing, missing } from '../../feedback/figure';
import { mean, populationVariance } from '../../methods/math';
import { spearman } from '../correlations';
import { twoSidedP } from '../normal';
import { ksTest } from './kolmogorov-smirnov';

/** Per-completion values at the start of a run and now. */
export interface BeforeAfter {
	before: readonly number[];
	after: readonly number[];
}

export type MonitorKey =
	| 'length'
	| 'repetition'
	| 'variety'
	| 'entropy'
	| 'ends'
	| 'uncertainty'
	| 'proxy-against-held-out'
	| 'reward-follows-length';

/** What to press next; words belong to the page. */
export type MonitorAction =
	| 'keep-an-earlier-step'
	| 'raise-the-price-of-drifting'
	| 'answer-pairs-of-equal-length'
	| 'answer-fresh-completions'
	| 'penalise-missing-ends';

export interface MonitorInputs {
	length?: BeforeAfter;
	repetition?: BeforeAfter;
	/** Different over all bigrams of each completion. */
	variety?: BeforeAfter;
	/** Nats a token, mean of each completion. */
	entropy?: BeforeAfter;
	/** 1 where a completion reached its end. */
	ends?: BeforeAfter;
	/** Spread of the reward ensemble on each completion. */
	uncertainty?: BeforeAfter;
	/** The reward that trains, and a judge that training never sees, on the same completions. */
	'proxy-against-held-out'?: { proxy: BeforeAfter; heldOut: BeforeAfter };
	/** Of completions now. */
	'reward-follows-length'?: { rewards: readonly number[]; lengths: readonly number[] };
}

export interface Evidence {
	test: 'kolmogorov-smirnov' | 'two-means' | 'spearman';
	/** Means at the start and now; for reward and length: nothing, and the correlation. */
	before: number | null;
	after: number;
	/** Probability of as much by chance. */
	p: number;
	/** What p had to be below. */
	level: number;
	/** Completions now. */
	n: number;
}

export interface Reading {
	monitor: MonitorKey;
	/** Alarm from 1 on. */
	score: number;
	isAlarm: boolean;
	evidence: Evidence;
	action: MonitorAction;
}

type Silent = Missing<'too-few'> & { monitor: MonitorKey };

const ALPHA = 0.05;

/** How far a mean has come towards what matters: 1 = there. b: at the start, a: now. */
type SizeOf = (b: number, a: number) => number;

const LIMITS: Record<
	Exclude<MonitorKey, 'proxy-against-held-out' | 'reward-follows-length'>,
	{ size: SizeOf; action: MonitorAction }
> = {
	// Half as long again, or two thirds as long.
	length: {
		size: (b, a) => (b > 0 && a > 0 ? Math.abs(Math.log(a / b)) / Math.log(1.5) : Number(a !== b)),
		action: 'answer-pairs-of-equal-length'
	},
	repetition: { size: (b, a) => (a - b) / 0.1, action: 'raise-the-price-of-drifting' },
	variety: { size: (b, a) => (b - a) / (0.25 * b || 1), action: 'raise-the-price-of-drifting' },
	entropy: { size: (b, a) => (b - a) / (0.5 * b || 1), action: 'raise-the-price-of-drifting' },
	ends: { size: (b, a) => Math.abs(a - b) / 0.3, action: 'penalise-missing-ends' },
	uncertainty: { size: (b, a) => (a - b) / (0.5 * b || 1), action: 'answer-fresh-completions' }
};

/** Bits of evidence that were asked for; the score's part that chance has. */
function certainty(p: number, level: number): number {
	return Math.log(Math.max(p, 1e-300)) / Math.log(level);
}

function reading(
	monitor: MonitorKey,
	size: number,
	evidence: Evidence,
	action: MonitorAction
): Reading {
	const score = Math.max(0, Math.min(size, certainty(evidence.p, evidence.level)));
	return { monitor, score, isAlarm: score >= 1, evidence, action };
}

/** p of a mean that rose (sign 1) or fell (sign -1), one-sided, normal with unequal variances. */
function oneSidedP({ before, after }: BeforeAfter, sign: 1 | -1): number {
	const error = Math.sqrt(
		populationVariance(before) / (before.length - 1) +
			populationVariance(after) / (after.length - 1)
	);
	const lead = sign * (mean(after) - mean(before));
	if (error === 0) {
		return lead > 0 ? 0 : 1;
	}
	const half = twoSidedP(lead / error) / 2;
	return lead > 0 ? half : 1 - half;
}

const LEAST = 8;

/** The reward that trains went up and the judge it never saw went down: the size is the fall in its own spreads. */
function proxyReading(
	{ proxy, heldOut }: NonNullable<MonitorInputs['proxy-against-held-out']>,
	level: number
): Reading | Silent {
	const all = [proxy.before, proxy.after, heldOut.before, heldOut.after];
	if (all.some((values) => values.length < LEAST)) {
		return { ...missing('too-few'), monitor: 'proxy-against-held-out' };
	}
	const spread = Math.sqrt(populationVariance(heldOut.before));
	const fall = mean(heldOut.before) - mean(heldOut.after);
	// Both must hold, so the weaker of the two decides.
	const p = Math.max(oneSidedP(proxy, 1), oneSidedP(heldOut, -1));
	return reading(
		'proxy-against-held-out',
		spread > 0 ? fall / (0.25 * spread) : Number(fall > 0),
		{
			test: 'two-means',
			before: mean(heldOut.before),
			after: mean(heldOut.after),
			p,
			level,
			n: heldOut.after.length
		},
		'keep-an-earlier-step'
	);
}

/** A correlation of half that is no accident: the reward mostly counts tokens. */
function lengthReading(
	{ rewards, lengths }: NonNullable<MonitorInputs['reward-follows-length']>,
	level: number
): Reading | Silent {
	const found = spearman(rewards, lengths);
	if (rewards.length < LEAST || (found.value === null && found.reason === 'too-few')) {
		return { ...missing('too-few'), monitor: 'reward-follows-length' };
	}
	const value = found.value ?? 0;
	const error = Math.sqrt((1 + value ** 2 / 2) / (rewards.length - 3));
	const p = twoSidedP(Math.atanh(Math.max(-0.999999, Math.min(0.999999, value))) / error);
	return reading(
		'reward-follows-length',
		Math.abs(value) / 0.6,
		{ test: 'spearman', before: null, after: value, p, level, n: rewards.length },
		'answer-pairs-of-equal-length'
	);
}

const SIMPLE = Object.keys(LIMITS) as (keyof typeof LIMITS)[];

/**
 * Reads all monitors that have values. looks: how often this run will be read in all, so that a run without a fault raises an
 * alarm with a probability of 0.05 at most.
 */
export function readMonitors(inputs: MonitorInputs, looks = 1): (Reading | Silent)[] {
	if (!Number.isSafeInteger(looks) || looks < 1) {
		throw new RangeError(`${looks} looks at a run`);
	}
	const level = ALPHA / (Math.max(1, Object.keys(inputs).length) * looks);
	const simple = SIMPLE.flatMap((monitor): (Reading | Silent)[] => {
		const values = inputs[monitor];
		if (!values) {
			return [];
		}
		const test = ksTest(values.before, values.after);
		if (!('statistic' in test)) {
			return [{ ...test, monitor }];
		}
		const [before, after] = [mean(values.before), mean(values.after)];
		const { size, action } = LIMITS[monitor];
		const evidence: Evidence = {
			test: 'kolmogorov-smirnov',
			before,
			after,
			p: test.p,
			level,
			n: test.m
		};
		return [reading(monitor, size(before, after), evidence, action)];
	});
	const proxy = inputs['proxy-against-held-out'];
	const length = inputs['reward-follows-length'];
	return [
		...simple,
		...(proxy ? [proxyReading(proxy, level)] : []),
		...(length ? [lengthReading(length, level)] : [])
	];
}

/** The alarms among readings, most alarming first. */
export function alarmsOf(readings: readonly (Reading | Silent)[]): Reading[] {
	return readings
		.flatMap((r) => ('isAlarm' in r && r.isAlarm ? [r] : []))
		.toSorted((a, b) => b.score - a.score);
}

/** One number for a run: its most alarming reading; 0 where nothing could be read. */
export function alarmScore(readings: readonly (Reading | Silent)[]): number {
	return readings.reduce((most, r) => ('score' in r ? Math.max(most, r.score) : most), 0);
}
