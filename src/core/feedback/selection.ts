/**
 * Which pair to ask next. A mixture of policies, drawn by seed for every step: `random` (at least a fifth), an active one
 * (BALD, D-optimal or disagreement), `repeat` (an old pair with its sides swapped) and `triangle`. Every choice carries its
 * policy and its propensity: the probability of asking this pair at this step, given the pool.
 *
 * Random pairs come from a reserve that the other policies never see: which candidates belong to it is a hash of their names.
 * Choosing at random among what an active policy left over would be no random sample, and the accuracy on it no estimate.
 */
import { deriveSeed, Random } from '../random';
import type { Outcome } from '../records';
import { acquisitionScore, type ActivePolicy } from './acquisition';
import type { F } from '../methods/loss';
import { type Missing, missing } from './figure';
import { refusalOf, type TextPair } from './near-duplicates';
import { expectedSigmoid, type RewardPosterior } from './reward-posterior';
import { comparedWith, type CompletionPair, type TriangleStage, triangleStage } from './triangles';

/** A pair that could be asked. */
export interface Candidate extends TextPair, CompletionPair {
	id: string;
	/** [d], features of a less those of b; null where no engine has read them. */
	difference: F | null;
	/** Candidates of one group (of three completions written together) share their stream; absent = on its own. */
	groupId?: string;
}

/** A pair that was asked, in the order of asking. */
export interface AskedPair extends TextPair, CompletionPair {
	id: string;
	/** null: not answered yet, or taken back. */
	outcome: Outcome | null;
	aSide: 'left' | 'right';
	/** The asked pair that this one repeated. */
	repeatOf?: string;
}

/** Shares of the policies; they sum to 1. */
export interface Mixture {
	random: number;
	active: number;
	repeat: number;
	triangle: number;
	activePolicy: ActivePolicy;
}

/** Half active; three tenths at random pay for an accuracy that can be believed; a tenth each for reliability. */
export const DEFAULT_MIXTURE: Mixture = {
	random: 0.3,
	active: 0.5,
	repeat: 0.1,
	triangle: 0.1,
	activePolicy: 'bald'
};

/** How a person may have pairs chosen: by one of the active policies, or by none. */
export const ASKING = ['bald', 'd-optimal', 'disagreement', 'random'] as const;
export type Asking = (typeof ASKING)[number];

/** With no active policy its share is drawn at random too; repeats and triangles stay, which tell of reliability. */
export function mixtureOf(asking: Asking): Mixture {
	const { random, active } = DEFAULT_MIXTURE;
	return asking === 'random'
		? { ...DEFAULT_MIXTURE, random: random + active, active: 0 }
		: { ...DEFAULT_MIXTURE, activePolicy: asking };
}

export const LEAST_RANDOM_SHARE = 0.2;
/** Answers between a pair and its repeat, so that it is judged again rather than remembered. */
export const LEAST_REPEAT_GAP = 10;

/** Why this pair: a kind and its numbers; the sentence is the page's. */
export type SelectionReason =
	/** Drawn out of so many, whatever they say: of the random stream, on which accuracy is measured. */
	| { kind: 'random'; outOf: number }
	/** Expected to teach most of the candidates compared. pA: how likely a is thought to win. */
	| { kind: ActivePolicy; score: number; compared: number; pA: number }
	/** Nothing is known yet by which pairs could be told apart; any will do. Not part of the random stream. */
	| { kind: 'warm-up' }
	| { kind: 'repeat'; answersAgo: number }
	| { kind: 'triangle'; stage: TriangleStage };

/** A pair that a policy would ask. aSide of a repeat: opposite to the first time; else the caller draws it. */
type Option =
	| { candidate: Candidate; repeats: null; reason: SelectionReason }
	| { candidate: null; repeats: AskedPair; aSide: 'left' | 'right'; reason: SelectionReason };

export type Choice = Option & {
	/** Probability of asking this pair at this step, by whichever policy. */
	propensity: number;
};

export interface SelectionState {
	pool: readonly Candidate[];
	asked: readonly AskedPair[];
	/** null before anything was learned. */
	posterior: RewardPosterior | null;
	mixture: Mixture;
	seed: number;
	/** How many choices were made before; with the seed it decides every draw. */
	step: number;
	/** No more candidates will come, so that the random stream's share is not waited for either. */
	isPoolFinal?: boolean;
}

/** Throws RangeError unless the shares are such, sum to 1, and at least a fifth is random. */
export function assertMixture({ random, active, repeat, triangle }: Mixture): void {
	const shares = [random, active, repeat, triangle];
	const sum = shares.reduce((all, share) => all + share, 0);
	if (!shares.every((share) => share >= 0) || Math.abs(sum - 1) > 1e-9) {
		throw new RangeError(`shares ${shares.join(', ')} of a mixture`);
	}
	if (random < LEAST_RANDOM_SHARE) {
		throw new RangeError(`a random share of ${random}; at least ${LEAST_RANDOM_SHARE} is needed`);
	}
}

/** Whether a candidate belongs to the reserve of the random stream: the same whatever else is in the pool. */
export function isReserved(candidate: Candidate, mixture: Mixture, seed: number): boolean {
	const ofNewPairs = mixture.random / (1 - mixture.repeat);
	const key = candidate.groupId ?? candidate.id;
	return new Random(deriveSeed(seed, `random stream ${key}`)).next() < ofNewPairs;
}

/** The candidate that an active policy would ask; none where nothing can be learned; any where nothing is known. */
function activeOptions(
	candidates: readonly Candidate[],
	posterior: RewardPosterior | null,
	policy: ActivePolicy
): Option[] {
	const scored = candidates.flatMap((candidate) => {
		if (!posterior || !candidate.difference) {
			return [];
		}
		const lead = posterior.lead(candidate.difference);
		const score = acquisitionScore(policy, lead);
		return [{ candidate, score, pA: expectedSigmoid(lead) }];
	});
	if (scored.length === 0) {
		const reason: SelectionReason = { kind: 'warm-up' };
		return candidates.map((candidate) => ({ candidate, repeats: null, reason }));
	}
	// Candidates come in the order of their names, so that equal scores do not depend on the order of the pool.
	const best = scored.reduce((x, y) => (y.score > x.score ? y : x));
	const { candidate, score, pA } = best;
	const reason: SelectionReason = { kind: policy, score, compared: scored.length, pA };
	return score > 0 ? [{ candidate, repeats: null, reason }] : [];
}

/** Answered pairs that were not repeated yet, far enough back. */
function repeatOptions(asked: readonly AskedPair[]): Option[] {
	const repeated = new Set(asked.map(({ repeatOf }) => repeatOf));
	return asked.flatMap((pair, place): Option[] => {
		const answersAgo = asked.length - place;
		const isAnswered = pair.outcome !== null && pair.outcome !== 'skip';
		const isFresh = pair.repeatOf === undefined && !repeated.has(pair.id);
		if (answersAgo <= LEAST_REPEAT_GAP || !isAnswered || !isFresh) {
			return [];
		}
		const aSide = pair.aSide === 'left' ? 'right' : 'left';
		return [{ candidate: null, repeats: pair, aSide, reason: { kind: 'repeat', answersAgo } }];
	});
}

/** Pairs that close a triangle, or where there is none, that open one. */
function triangleOptions(candidates: readonly Candidate[], asked: readonly AskedPair[]): Option[] {
	const neighbours = comparedWith(asked);
	const staged = candidates.map((candidate) => ({
		candidate,
		stage: triangleStage(candidate, neighbours)
	}));
	const isClosing = staged.some(({ stage }) => stage === 'closes');
	const wanted: TriangleStage = isClosing ? 'closes' : 'opens';
	return staged
		.filter(({ stage }) => stage === wanted)
		.map(({ candidate }) => ({
			candidate,
			repeats: null,
			reason: { kind: 'triangle', stage: wanted }
		}));
}

type PolicyName = 'random' | 'active' | 'repeat' | 'triangle';
const POLICY_NAMES: readonly PolicyName[] = ['random', 'active', 'repeat', 'triangle'];

/** What each policy would ask; it draws among its options with even odds. */
function optionsOf(state: SelectionState): Record<PolicyName, Option[]> {
	const { asked, posterior, mixture, seed } = state;
	const askable = state.pool
		.filter((candidate) => refusalOf(candidate, asked) === null)
		.toSorted((x, y) => (x.id < y.id ? -1 : 1));
	const reserve = askable.filter((candidate) => isReserved(candidate, mixture, seed));
	const open = askable.filter((candidate) => !reserve.includes(candidate));
	return {
		random: reserve.map((candidate) => ({
			candidate,
			repeats: null,
			reason: { kind: 'random', outOf: reserve.length }
		})),
		active: activeOptions(open, posterior, mixture.activePolicy),
		repeat: repeatOptions(asked),
		triangle: triangleOptions(open, asked)
	};
}

/**
 * The next pair, a function of state, seed and step alone. A policy without options leaves its share to the others; but
 * where the step is the random stream's and its reserve is empty, the result is 'no-random-candidates': write more and ask
 * again (unless the pool is final). 'no-candidates': nothing is left to ask at all.
 */
export function choosePair(
	state: SelectionState
): Choice | Missing<'no-random-candidates' | 'no-candidates'> {
	const { mixture, seed, step } = state;
	assertMixture(mixture);
	const options = optionsOf(state);
	const usable = POLICY_NAMES.filter(
		(name) => mixture[name] > 0 && (options[name].length > 0 || isWaitedFor(name, state))
	);
	const total = usable.reduce((sum, name) => sum + mixture[name], 0);
	const random = new Random(deriveSeed(seed, `selection step ${step}`));
	let place = random.next() * total;
	const policy = usable.find((name) => (place -= mixture[name]) < 0) ?? usable.at(-1);
	if (!policy) {
		return missing('no-candidates');
	}
	const drawn = options[policy];
	const chosen = drawn.length > 0 ? drawn[random.int(drawn.length)] : undefined;
	if (!chosen) {
		return missing('no-random-candidates');
	}
	const isSame = (option: Option): boolean =>
		option.candidate === chosen.candidate && option.repeats === chosen.repeats;
	const propensity = usable.reduce((sum, name) => {
		const same = options[name].filter(isSame).length;
		return sum + (same === 0 ? 0 : ((mixture[name] / total) * same) / options[name].length);
	}, 0);
	return { ...chosen, propensity };
}

function isWaitedFor(name: PolicyName, { isPoolFinal }: SelectionState): boolean {
	return name === 'random' && !isPoolFinal;
}

/**
 * The next n pairs, chosen one after the other before any of them is answered: each is taken out of the pool, and what its
 * answer will tell is anticipated, so that the pairs do not all ask the same thing. Fewer where candidates run out.
 */
export function chooseQueue(state: SelectionState, n: number): Choice[] {
	const posterior = state.posterior?.copy() ?? null;
	const choices: Choice[] = [];
	let { pool, asked } = state;
	for (let step = state.step; step < state.step + n; step++) {
		const choice = choosePair({ ...state, pool, asked, posterior, step });
		if (!('propensity' in choice)) {
			break;
		}
		choices.push(choice);
		const { candidate, repeats } = choice;
		if (candidate) {
			if (candidate.difference) {
				posterior?.anticipate(candidate.difference);
			}
			pool = pool.filter(({ id }) => id !== candidate.id);
			asked = [...asked, { ...candidate, outcome: null, aSide: 'left' }];
		} else {
			const again = { ...repeats, id: `${repeats.id} again`, outcome: null, repeatOf: repeats.id };
			asked = [...asked, again];
		}
	}
	return choices;
}
