/**
 * Strengths of several checkpoints from blind comparisons of their completions. Bradley & Terry 1952: P(i beats j) =
 * sigmoid(r_i - r_j); ties as half a win each, or by Rao & Kupper 1967 with a threshold d >= 0: P(i beats j) =
 * sigmoid(r_i - r_j - d), P(tie) = (e^(2d) - 1) P(i beats j) P(j beats i). Bootstrap and ranks as Chatbot Arena's (Chiang et
 * al. 2024, arXiv 2403.04132): the multinomial over counts of (i, j, outcome), rank = 1 + those whose interval lies above.
 * Deviations: a ridge of 0.5 in log-odds units, without which one-sided data, and most bootstrap samples of few comparisons,
 * have no finite fit; it draws strengths together, so that intervals of few comparisons are somewhat too narrow for strong
 * differences. The threshold is estimated with the same ridge. Nothing is said of checkpoints that no comparisons connect: a
 * ridge would compare them all the same.
 */
import type { F } from '../methods/loss';
import { at, sigmoid, softplus } from '../methods/math';
import { deriveSeed, Random } from '../random';
import { type ConvexFunction, minimiseConvex } from './newton';

/** One blind comparison of completions of two checkpoints. */
export interface Battle {
	first: string;
	second: string;
	outcome: 'first' | 'second' | 'tie';
}

export type TieModel = 'half' | 'rao-kupper';

export interface RankingOptions {
	ties: TieModel;
	seed: number;
	ridge?: number;
	/** Bootstrap samples. */
	rounds?: number;
}

export interface RankedCheckpoint {
	name: string;
	/** Log-odds; all together have mean 0. */
	strength: number;
	/** 95 % bootstrap interval. */
	low: number;
	high: number;
	/** 1 + the checkpoints whose interval lies wholly above this one's: equal ranks are not told apart. */
	rank: number;
	battles: number;
}

export interface Ranking {
	/** Strongest first. */
	value: RankedCheckpoint[];
	/** Rao and Kupper's d, log-odds; null where ties count as half. */
	tieThreshold: number | null;
}

export type NoRanking =
	| { value: null; reason: 'no-battles' }
	/** Groups of names between which nothing was compared. */
	| { value: null; reason: 'not-connected'; groups: string[][] };

/** Counts of one pair of checkpoints. */
interface Cell {
	i: number;
	j: number;
	first: number;
	tie: number;
	second: number;
}

const RIDGE = 0.5;
const ROUNDS = 200;
/** Where a threshold starts its way to the minimum. */
const FIRST_THRESHOLD = 0.1;

/**
 * The regularised negative log-likelihood of strengths [k], and of a threshold after them if there is one. With it, a cell
 * costs (first + tie) softplus(d - x) + (second + tie) softplus(d + x) - tie ln(e^(2d) - 1), x = r_i - r_j.
 */
function battleLikelihood(cells: readonly Cell[], k: number, ridge: number): ConvexFunction {
	const thresholdOf = (r: F): number => (r.length > k ? at(r, k) : 0);
	return {
		value: (r) => {
			const d = thresholdOf(r);
			if (r.length > k && d <= 0) {
				return Infinity;
			}
			const penalty = (ridge / 2) * r.reduce((sum, x) => sum + x * x, 0);
			return cells.reduce((sum, { i, j, first, tie, second }) => {
				const x = at(r, i) - at(r, j);
				const tied = tie === 0 ? 0 : tie * Math.log(Math.expm1(2 * d));
				return sum + (first + tie) * softplus(d - x) + (second + tie) * softplus(d + x) - tied;
			}, penalty);
		},
		derivatives: (r) => {
			const n = r.length;
			const d = thresholdOf(r);
			const gradient = r.map((x) => ridge * x);
			const hessian = new Float64Array(n * n);
			const add = (target: F, index: number, x: number) => {
				target[index] = at(target, index) + x;
			};
			for (let m = 0; m < n; m++) {
				hessian[m * n + m] = ridge;
			}
			for (const { i, j, first, tie, second } of cells) {
				const x = at(r, i) - at(r, j);
				const up = (first + tie) * sigmoid(d - x);
				const down = (second + tie) * sigmoid(d + x);
				const upCurve = up * sigmoid(x - d);
				const downCurve = down * sigmoid(-x - d);
				add(gradient, i, down - up);
				add(gradient, j, up - down);
				add(hessian, i * n + i, upCurve + downCurve);
				add(hessian, j * n + j, upCurve + downCurve);
				add(hessian, Math.max(i, j) * n + Math.min(i, j), -(upCurve + downCurve));
				if (n > k) {
					const e = -Math.expm1(-2 * d);
					add(gradient, k, up + down - (2 * tie) / e);
					add(hessian, k * n + k, upCurve + downCurve + (4 * tie * (1 - e)) / e ** 2);
					add(hessian, k * n + i, downCurve - upCurve);
					add(hessian, k * n + j, upCurve - downCurve);
				}
			}
			return { gradient, hessian };
		}
	};
}

interface Fit {
	strengths: F;
	threshold: number;
}

function fit(cells: readonly Cell[], k: number, ties: TieModel, ridge: number): Fit {
	const used =
		ties === 'rao-kupper'
			? cells
			: cells.map((cell) => ({
					...cell,
					first: cell.first + cell.tie / 2,
					second: cell.second + cell.tie / 2,
					tie: 0
				}));
	// Without a tie the likeliest threshold is 0, at the end of its domain: the plain model.
	const hasThreshold = used.some(({ tie }) => tie > 0);
	const start = new Float64Array(hasThreshold ? k + 1 : k);
	start.fill(FIRST_THRESHOLD, k);
	const { x } = minimiseConvex(battleLikelihood(used, k, ridge), start);
	return { strengths: x.slice(0, k), threshold: hasThreshold ? at(x, k) : 0 };
}

function cellsOf(battles: readonly Battle[], names: readonly string[]): Cell[] {
	const indexOf = new Map(names.map((name, i) => [name, i]));
	const cells = new Map<string, Cell>();
	for (const { first, second, outcome } of battles) {
		const [a, b] = [indexOf.get(first) ?? 0, indexOf.get(second) ?? 0];
		if (a === b) {
			throw new RangeError(`"${first}" was compared with itself`);
		}
		const [i, j] = [Math.min(a, b), Math.max(a, b)];
		const key = `${i} ${j}`;
		const cell = cells.get(key) ?? { i, j, first: 0, tie: 0, second: 0 };
		cells.set(key, cell);
		if (outcome === 'tie') {
			cell.tie++;
		} else {
			cell[(outcome === 'first') === (a === i) ? 'first' : 'second']++;
		}
	}
	return [...cells.values()];
}

/** As many battles as there are, drawn with replacement from the counts. */
function resample(cells: readonly Cell[], random: Random): Cell[] {
	const outcomes = (['first', 'tie', 'second'] as const).flatMap((outcome) =>
		cells.map((cell, index) => ({ index, outcome, count: cell[outcome] }))
	);
	let sum = 0;
	const ends = outcomes.map(({ count }) => (sum += count));
	const drawn = cells.map((cell) => ({ ...cell, first: 0, tie: 0, second: 0 }));
	for (let n = 0; n < sum; n++) {
		const place = random.int(sum);
		const chosen = outcomes[ends.findIndex((end) => place < end)];
		const cell = drawn[chosen?.index ?? -1];
		if (chosen && cell) {
			cell[chosen.outcome]++;
		}
	}
	return drawn;
}

/** Names that comparisons connect, directly or by way of others. */
function connectedGroups(names: readonly string[], cells: readonly Cell[]): string[][] {
	const group = names.map((_, i) => i);
	for (const { i, j } of cells) {
		const [kept, joined] = [group[i] ?? 0, group[j] ?? 0];
		group.forEach((g, m) => (group[m] = g === joined ? kept : g));
	}
	return [...new Set(group)].map((g) => names.filter((_, m) => group[m] === g));
}

/** Fits, intervals and ranks of all checkpoints named in the battles. Throws RangeError where one is compared with itself. */
export function rankCheckpoints(
	battles: readonly Battle[],
	{ ties, seed, ridge = RIDGE, rounds = ROUNDS }: RankingOptions
): Ranking | NoRanking {
	const names = [...new Set(battles.flatMap(({ first, second }) => [first, second]))].sort();
	const cells = cellsOf(battles, names);
	const groups = connectedGroups(names, cells);
	if (cells.length === 0) {
		return { value: null, reason: 'no-battles' };
	}
	if (groups.length > 1) {
		return { value: null, reason: 'not-connected', groups };
	}
	const { strengths, threshold } = fit(cells, names.length, ties, ridge);
	const random = new Random(deriveSeed(seed, 'ranking bootstrap'));
	const samples = Array.from(
		{ length: rounds },
		() => fit(resample(cells, random), names.length, ties, ridge).strengths
	);
	const entries = names.map((name, m) => {
		const sorted = samples.map((sample) => at(sample, m)).sort((x, y) => x - y);
		return {
			name,
			strength: at(strengths, m),
			low: at(sorted, Math.floor(0.025 * (rounds - 1))),
			high: at(sorted, Math.ceil(0.975 * (rounds - 1))),
			battles: cells
				.filter(({ i, j }) => i === m || j === m)
				.reduce((sum, cell) => sum + cell.first + cell.tie + cell.second, 0)
		};
	});
	const value = entries
		.map((entry) => ({ ...entry, rank: 1 + entries.filter((e) => e.low > entry.high).length }))
		.toSorted((x, y) => y.strength - x.strength);
	return { value, tieThreshold: ties === 'half' ? null : threshold };
}

/** On the scale of Elo ratings: 400 points are odds of ten to one, 1000 the middle. */
export function toElo(strength: number): number {
	return 1000 + (400 / Math.LN10) * strength;
}
