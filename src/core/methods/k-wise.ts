/**
 * Reward modelling from rankings of k completions. `plackett-luce`: sum over places of logsumexp(rewards of this place and all
 * behind it) - reward of this place (Plackett 1975; Luce 1959). `best`: the first place alone, a softmax over k (Ziegler et al.
 * 2019; lm-human-preferences label_types.py:33-49). `pairs`: the mean of the k (k - 1) / 2 Bradley-Terry losses (Ouyang et al. 2022).
 * Deviations: equal ranks stay in: Plackett-Luce takes the mean over the orders that the ranks allow, `best` the mean over
 * all that share the first place, `pairs` the soft label 0.5.
 */
import type { RewardPooling } from '../config';
import { bradleyTerry } from './bradley-terry';
import type { F, Loss } from './loss';
import { at, mean } from './math';
import { readRewards, spreadRewards } from './reward-reading';

export type RankingLoss = 'plackett-luce' | 'best' | 'pairs';

export interface KWiseTerm {
	loss: number;
	/** [k], gradient by the rewards. */
	dReward: F;
}

const MOST_RANKED = 8;

function logSumExp(values: readonly number[]): number {
	const top = Math.max(...values);
	return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

/** Orders, best first, that the ranks allow. */
function ordersOf(ranks: readonly number[], rest: readonly number[]): number[][] {
	if (rest.length === 0) {
		return [[]];
	}
	const first = Math.min(...rest.map((i) => at(ranks, i)));
	return rest
		.filter((i) => at(ranks, i) === first)
		.flatMap((i) =>
			ordersOf(
				ranks,
				rest.filter((j) => j !== i)
			).map((tail) => [i, ...tail])
		);
}

/** Adds one order's loss, of its first `places` places, to a gradient; returns the loss. */
function addOrder(
	rewards: F,
	order: readonly number[],
	places: number,
	share: number,
	d: F
): number {
	let loss = 0;
	for (let place = 0; place < places; place++) {
		const rest = order.slice(place);
		const total = logSumExp(rest.map((i) => at(rewards, i)));
		const first = at(order, place);
		loss += share * (total - at(rewards, first));
		d[first] = at(d, first) - share;
		for (const i of rest) {
			d[i] = at(d, i) + share * Math.exp(at(rewards, i) - total);
		}
	}
	return loss;
}

function pairsTerm(rewards: F, ranks: readonly number[]): KWiseTerm {
	const k = ranks.length;
	const pairs = ranks.flatMap((_, i) => ranks.slice(i + 1).map((_, j) => [i, i + 1 + j] as const));
	const { loss, dA, dB } = bradleyTerry({
		a: Float64Array.from(pairs, ([i]) => at(rewards, i)),
		b: Float64Array.from(pairs, ([, j]) => at(rewards, j)),
		y: Float64Array.from(pairs, ([i, j]) => (1 + Math.sign(at(ranks, j) - at(ranks, i))) / 2)
	});
	const dReward = new Float64Array(k);
	pairs.forEach(([i, j], p) => {
		dReward[i] = at(dReward, i) + at(dA, p);
		dReward[j] = at(dReward, j) + at(dB, p);
	});
	return { loss, dReward };
}

/** Loss of one ranking: ranks [k], 1 = best, equal numbers are ties. Throws RangeError unless 2 to 8 rewards are ranked. */
export function kWise(rewards: F, ranks: readonly number[], kind: RankingLoss): KWiseTerm {
	const k = rewards.length;
	if (ranks.length !== k || k < 2 || k > MOST_RANKED || !ranks.every(Number.isFinite)) {
		throw new RangeError(`ranks ${ranks.join(', ')} of ${k} rewards`);
	}
	if (kind === 'pairs') {
		return pairsTerm(rewards, ranks);
	}
	const all = ranks.map((_, i) => i);
	const top = Math.min(...ranks);
	const orders =
		kind === 'plackett-luce'
			? ordersOf(ranks, all)
			: all.filter((i) => ranks[i] === top).map((i) => [i, ...all.filter((j) => j !== i)]);
	const dReward = new Float64Array(k);
	const loss = orders.reduce(
		(sum, order) =>
			sum + addOrder(rewards, order, kind === 'best' ? 1 : k, 1 / orders.length, dReward),
		0
	);
	return { loss, dReward };
}

/** Whether the order of the rewards is that of the ranks in every pair that the ranks tell apart; null where all are tied. */
function shareInOrder(rewards: F, ranks: readonly number[]): number | null {
	const marks = ranks.flatMap((rank, i) =>
		ranks.slice(i + 1).flatMap((other, j) => {
			const want = Math.sign(other - rank);
			const got = Math.sign(at(rewards, i) - at(rewards, i + 1 + j));
			return want === 0 ? [] : [got === want ? 1 : got === 0 ? 0.5 : 0];
		})
	);
	return marks.length === 0 ? null : mean(marks);
}

export interface KWiseOptions {
	kind: RankingLoss;
	pooling: RewardPooling;
	/** Weight of mean(r^2) over the completions, which keeps rewards around 0; 0 = off. */
	center?: number;
}

/** The loss of a batch whose rows are the completions of ranking after ranking; rankings: ranks of each, [k]. */
export function kWiseLoss(
	rankings: readonly (readonly number[])[],
	{ kind, pooling, center = 0 }: KWiseOptions
): Loss {
	return (scores, batch) => {
		const value = scores.value[0];
		if (value === undefined) {
			throw new Error('the reward loss needs a model with a scalar head');
		}
		const rows = rankings.reduce((sum, ranks) => sum + ranks.length, 0);
		if (rows !== batch.B || rows === 0) {
			throw new RangeError(`${batch.B} rows for ${rows} ranked completions`);
		}
		const rewards = readRewards(batch, value, pooling);
		const dReward = rewards.map((r) => (2 * center * r) / rows);
		let loss = center * mean(rewards.map((r) => r * r));
		const order: number[] = [];
		let from = 0;
		for (const ranks of rankings) {
			const group = rewards.subarray(from, from + ranks.length);
			const term = kWise(group, ranks, kind);
			loss += term.loss / rankings.length;
			for (let i = 0; i < ranks.length; i++) {
				dReward[from + i] = at(dReward, from + i) + at(term.dReward, i) / rankings.length;
			}
			const share = shareInOrder(group, ranks);
			order.push(...(share === null ? [] : [share]));
			from += ranks.length;
		}
		return {
			loss,
			dValue: [spreadRewards(batch, dReward, pooling)],
			metrics: {
				'reward/loss': loss,
				...(order.length > 0 && { 'reward/accuracy': mean(order) }),
				'reward/mean': mean(rewards)
			}
		};
	};
}
