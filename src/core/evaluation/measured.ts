/**
 * Measurements of completions, one number each, as the worker makes them; and where a method stands on the plane of drift and win
 * rate. Two measurements with the same prompts and seed differ by the weights alone: completion i answers the same prompt.
 */
import { bestRow } from '../methods/best-of-n';
import { at } from '../methods/math';
import { bestOfNKl } from '../methods/best-of-n';
import { type Interval, meanInterval, wilson } from './intervals';
import type { BeforeAfter, MonitorInputs } from './monitors/monitors';

/** Plain columns of the same length, one row a completion. */
export interface Measured {
	texts: string[];
	/** Index of the prompt that each answers. */
	prompts: number[];
	/** Tokens. */
	length: number[];
	/** ln pi - ln rho of the whole completion: its mean estimates the KL to the reference, nats. */
	logRatio: number[];
	/** Nats a token, mean of each completion. */
	entropy: number[];
	/** 1 where an end-of-text token ended it. */
	ends: number[];
	/** Share of trigrams that occurred before. */
	repetition: number[];
	/** Different over all bigrams. */
	variety: number[];
	/** By the reward model, the spread of its ensemble, and by the judge; absent without them. */
	proxy?: number[];
	uncertainty?: number[];
	gold?: number[];
}

/** Two measurements of one run as its monitors read them. */
export function monitorInputs(before: Measured, after: Measured): MonitorInputs {
	const pair = (key: 'length' | 'repetition' | 'variety' | 'entropy' | 'ends'): BeforeAfter => ({
		before: finite(before[key]),
		after: finite(after[key])
	});
	const both = (x?: number[], y?: number[]) => (x && y ? { before: x, after: y } : undefined);
	const uncertainty = both(before.uncertainty, after.uncertainty);
	const proxy = both(before.proxy, after.proxy);
	const heldOut = both(before.gold, after.gold);
	return {
		length: pair('length'),
		repetition: pair('repetition'),
		variety: pair('variety'),
		entropy: pair('entropy'),
		ends: pair('ends'),
		...(uncertainty && { uncertainty }),
		...(proxy && heldOut && { 'proxy-against-held-out': { proxy, heldOut } }),
		...(after.proxy && {
			'reward-follows-length': { rewards: after.proxy, lengths: after.length }
		})
	};
}

/** A completion of one token has no bigram. */
const finite = (values: readonly number[]): number[] => values.filter(Number.isFinite);

/** Where a policy stands against the base, by a judge. */
export interface Standing {
	wins: number;
	ties: number;
	losses: number;
	/** Ties as half a win; Wilson's 95 % interval. */
	winRate: Interval;
	/** Nats a completion, 95 % interval. */
	kl: Interval;
	/** Means of the judge and of the reward model. */
	gold: number;
	proxy: number | null;
}

function count(gold: readonly number[], base: readonly number[]) {
	const leads = gold.map((value, i) => value - at(base, i));
	return {
		wins: leads.filter((lead) => lead > 0).length,
		ties: leads.filter((lead) => lead === 0).length,
		losses: leads.filter((lead) => lead < 0).length
	};
}

const average = (values: readonly number[]): number =>
	values.reduce((sum, v) => sum + v, 0) / values.length;

function judged(
	{ gold, proxy }: { gold: readonly number[]; proxy: readonly number[] | undefined },
	base: readonly number[],
	kl: Interval
): Standing {
	const { wins, ties, losses } = count(gold, base);
	return {
		...{ wins, ties, losses, kl },
		winRate: wilson(wins + ties / 2, wins + ties + losses),
		gold: average(gold),
		proxy: proxy ? average(proxy) : null
	};
}

/** Throws RangeError unless both were judged and answer the same prompts in the same order. */
export function standingOf(policy: Measured, base: Measured): Standing {
	const isPaired =
		policy.prompts.length === base.prompts.length &&
		policy.prompts.every((prompt, i) => prompt === base.prompts[i]);
	if (!policy.gold || !base.gold || !isPaired || policy.gold.length === 0) {
		throw new RangeError('two measurements that cannot be compared');
	}
	return judged(
		{ gold: policy.gold, proxy: policy.proxy },
		base.gold,
		meanInterval(policy.logRatio)
	);
}

/**
 * The best of n completions of each prompt by the reward model, against a single one. `pool` holds n of the base for each prompt,
 * drawn apart from `base`, which holds one. KL ln n - (n - 1) / n, which is exact but for equal scores.
 */
export function bestOfNStanding(pool: Measured, n: number, base: Measured): Standing {
	const { proxy, gold } = pool;
	if (!proxy || !gold || !base.gold || proxy.length !== n * base.gold.length) {
		throw new RangeError('a pool of completions that cannot be compared');
	}
	const chosen = base.gold.map((_, i) => i * n + bestRow(proxy.slice(i * n, (i + 1) * n)));
	const kl = bestOfNKl(n);
	return judged(
		{ gold: chosen.map((row) => at(gold, row)), proxy: chosen.map((row) => at(proxy, row)) },
		base.gold,
		{ estimate: kl, low: kl, high: kl }
	);
}

/** Standings that no other beats in both: none wins more at no more drift. Indices, by drift. */
export function frontierOf(standings: readonly Standing[]): number[] {
	const byDrift = standings
		.map(({ kl, winRate }, index) => ({ index, kl: kl.estimate, rate: winRate.estimate }))
		.sort((x, y) => x.kl - y.kl || y.rate - x.rate);
	let best = -Infinity;
	return byDrift.flatMap(({ index, rate }) => {
		if (rate <= best) {
			return [];
		}
		best = rate;
		return [index];
	});
}
