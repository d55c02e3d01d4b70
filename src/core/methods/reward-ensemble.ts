/**
 * Several reward models as one careful judge (Coste et al. 2024, arXiv 2310.02743; llm_optimization ensemble_rm.py:4-20): mean,
 * worst case, or the mean less lambda times how much the members disagree (standard deviation, or variance as there).
 * Members are fitted on bootstrap samples (imitation preference_comparisons.py:1408-1438), here of the last layer alone.
 * Deviation: whole groups are drawn (pairs of one prompt, of one ranking), so that what belongs together stays together.
 */
import { minimiseConvex } from '../evaluation/newton';
import { type LogisticData, ridgeLogistic } from '../evaluation/ridge-logistic';
import { deriveSeed, Random } from '../random';
import type { F } from './loss';
import { at, mean, populationVariance, sigmoid } from './math';

export type EnsembleRule = 'mean' | 'worst' | 'mean-sd' | 'mean-variance';

/** Scores of each member: [members][n]. */
export type MemberScores = readonly ArrayLike<number>[];

function column(members: MemberScores, i: number): number[] {
	return members.map((scores) => at(scores, i));
}

function assertMembers(members: MemberScores): number {
	const n = members[0]?.length;
	if (n === undefined || members.some((scores) => scores.length !== n)) {
		throw new RangeError(`an ensemble of ${members.length} members with scores of one length`);
	}
	return n;
}

/** [n], the ensemble's score; lambda is read by the two rules that subtract disagreement. */
export function ensembleScores(members: MemberScores, rule: EnsembleRule, lambda = 0): F {
	return Float64Array.from({ length: assertMembers(members) }, (_, i) => {
		const scores = column(members, i);
		switch (rule) {
			case 'mean':
				return mean(scores);
			case 'worst':
				return Math.min(...scores);
			case 'mean-sd':
				return mean(scores) - lambda * Math.sqrt(populationVariance(scores));
			case 'mean-variance':
				return mean(scores) - lambda * populationVariance(scores);
		}
	});
}

/** [n], population standard deviation over the members: how unsure the ensemble is; 0 for one member. */
export function ensembleSpread(members: MemberScores): F {
	return Float64Array.from({ length: assertMembers(members) }, (_, i) =>
		Math.sqrt(populationVariance(column(members, i)))
	);
}

const entropyOf = (p: number): number => {
	const term = (q: number): number => (q > 0 ? -q * Math.log(q) : 0);
	return term(p) + term(1 - p);
};

/** What the members' leads of a over b say of a pair. */
export interface PairUncertainty {
	/** H(mean p) - mean H(p), nats (Houlsby et al. 2011). */
	bald: number;
	/** H(mean p): high for a pair that is close, too. */
	predictiveEntropy: number;
	probabilityVariance: number;
	/** q (1 - q) with q the share of members that prefer a; a lead of 0 counts half. */
	voteVariance: number;
}

export function pairUncertainty(leads: ArrayLike<number>): PairUncertainty {
	const p = Array.from(leads, sigmoid);
	const predictiveEntropy = entropyOf(mean(p));
	const votes = mean(Array.from(leads, (lead) => (1 + Math.sign(lead)) / 2));
	return {
		bald: Math.max(0, predictiveEntropy - mean(p.map(entropyOf))),
		predictiveEntropy,
		probabilityVariance: populationVariance(p),
		voteVariance: votes * (1 - votes)
	};
}

/** Indices of a bootstrap sample of whole groups: as many groups as there are, drawn with replacement. */
export function bootstrapRows(groups: readonly string[], seed: number, member: number): number[] {
	const names = [...new Set(groups)];
	const rowsOf = new Map(names.map((name) => [name, [] as number[]]));
	groups.forEach((name, i) => rowsOf.get(name)?.push(i));
	const random = new Random(deriveSeed(seed, `bootstrap ${member}`));
	return names.flatMap(() => rowsOf.get(names[random.int(names.length)] ?? '') ?? []);
}

export interface HeadEnsembleOptions {
	members: number;
	/** Of the penalty (ridge / 2) |w|^2. */
	ridge: number;
	seed: number;
	/** [n], what each pair belongs to; absent = each on its own. */
	groups?: readonly string[];
}

/**
 * Last-layer heads, [members][d], each fitted to a bootstrap sample of pairs: rows are features of a less those of b. Throws
 * RangeError without pairs, members or ridge.
 */
export function fitHeadEnsemble({ rows, y }: LogisticData, options: HeadEnsembleOptions): F[] {
	const { members, ridge, seed, groups = rows.map((_, i) => String(i)) } = options;
	const dimension = rows[0]?.length ?? 0;
	if (dimension === 0 || members < 1 || !(ridge > 0) || groups.length !== rows.length) {
		throw new RangeError(`${members} heads from ${rows.length} pairs with ridge ${ridge}`);
	}
	return Array.from({ length: members }, (_, member) => {
		const drawn = bootstrapRows(groups, seed, member);
		const data = {
			rows: drawn.flatMap((i) => rows[i] ?? []),
			y: drawn.map((i) => at(y, i))
		};
		return minimiseConvex(ridgeLogistic(data, ridge), new Float64Array(dimension)).x;
	});
}
