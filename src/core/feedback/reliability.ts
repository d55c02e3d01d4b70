/**
 * Everything that one person's answers say about how they answer, and what several people's say about how far they agree. Only
 * collects: each figure is computed, and its source named, in the file that it is imported from. Answers of simulated
 * annotators are never part of it.
 */
import type { AnswerEvent, Outcome, Presentation } from '../records';
import { alphaInterval, kappa, krippendorffAlpha, percentAgreement, type Unit } from './agreement';
import { tally } from './comparison';
import { fatigue, sessionsOf, type Fatigue } from './fatigue';
import {
	accuracyCeiling,
	noiseByTercile,
	noiseEstimate,
	type NoiseEstimate,
	type Repeat
} from './noise';
import type { Estimate, Missing } from './figure';
import {
	leftRate,
	positionalConsistency,
	straightLining,
	type Side,
	type SwappedRepeat
} from './position-bias';
import { answerRates, type AnswerRates } from './rates';
import { responseTimes, type TimedAnswer } from './response-time';
import { closedTriads, type Decision, type TriadCount } from './triads';
import { wordsOf } from './words';

/** A pair and the answer that counts for it. */
export interface AnsweredPair {
	pair: Presentation;
	answer: AnswerEvent;
	/** When it was answered for the first time: an answer that is changed later keeps its place in its session. */
	at: number;
}

export interface Reliability {
	/** Pairs that this person answered. */
	answers: number;
	/** Pairs shown twice to this person, and answered both times. */
	repeats: number;
	selfAgreement: ReturnType<typeof percentAgreement>;
	selfKappa: ReturnType<typeof kappa>;
	noise: NoiseEstimate | Missing<'no-decided-repeats'>;
	/** The same for pairs held to be close, middling and far apart. */
	noiseByTercile: ReturnType<typeof noiseByTercile>;
	/** The most that a reward model can be seen to agree with this person; null without repeats. */
	ceiling: Estimate | null;
	left: ReturnType<typeof leftRate>;
	straight: ReturnType<typeof straightLining>;
	positions: ReturnType<typeof positionalConsistency>;
	rates: AnswerRates;
	triads: TriadCount;
	times: ReturnType<typeof responseTimes>;
	/** Of the latest session; null before the first answer. */
	fatigue: Fatigue | null;
}

const isJudged = ({ answer }: AnsweredPair): boolean =>
	answer.outcome !== undefined && answer.outcome !== 'skip';

function sideOf({ pair, answer }: AnsweredPair): Side | null {
	if (pair.isSideUnknown || (answer.outcome !== 'a' && answer.outcome !== 'b')) {
		return null;
	}
	return (answer.outcome === 'a') === (pair.aSide === 'left') ? 'left' : 'right';
}

/** In the order of answering: human answers to pairs of feedback. */
export function answeredByPeople(
	presentations: readonly Presentation[],
	answers: ReadonlyMap<string, AnswerEvent>,
	events: readonly AnswerEvent[]
): AnsweredPair[] {
	const firstAt = new Map<string, number>();
	for (const { presentationId, createdAt } of events) {
		firstAt.set(presentationId, Math.min(createdAt, firstAt.get(presentationId) ?? Infinity));
	}
	return presentations
		.flatMap((pair) => {
			const answer = answers.get(pair.id);
			return answer?.source === 'human' && pair.purpose === 'feedback'
				? [{ pair, answer, at: firstAt.get(pair.id) ?? answer.createdAt }]
				: [];
		})
		.toSorted((x, y) => x.at - y.at);
}

interface TwiceAnswered {
	first: AnsweredPair;
	second: AnsweredPair;
}

/** Pairs that came back to the same person. A skip is no answer, neither the first nor the second time. */
function twiceAnswered(own: readonly AnsweredPair[]): TwiceAnswered[] {
	const byId = new Map(own.map((item) => [item.pair.id, item]));
	return own.flatMap((second) => {
		const first = second.pair.repeatOf === undefined ? undefined : byId.get(second.pair.repeatOf);
		return first && isJudged(first) && isJudged(second) ? [{ first, second }] : [];
	});
}

const outcomeOf = ({ answer }: AnsweredPair): Outcome => answer.outcome ?? 'skip';

/** Null where the answer did not come from the desk: it was changed in a list, or stored before showings were. */
function timed({ pair, answer }: AnsweredPair): TimedAnswer | null {
	const { showing } = answer;
	if (!showing) {
		return null;
	}
	const ms = showing.answeredAt - showing.shownAt;
	const words = wordsOf(pair.a.text).length + wordsOf(pair.b.text).length;
	return { words, ms, wasHidden: showing.activeMs < ms };
}

const isKnown = <T>(value: T | null): value is T => value !== null;

function fatigueOf(own: readonly AnsweredPair[], twice: readonly TwiceAnswered[]): Fatigue | null {
	const agreed = new Map(
		twice.map(({ first, second }) => [second.pair.id, outcomeOf(first) === outcomeOf(second)])
	);
	const judged = own.filter(isJudged).map((item) => ({ ...item, createdAt: item.at }));
	const latest = sessionsOf(judged).at(-1);
	if (!latest) {
		return null;
	}
	return fatigue(
		latest.map((item) => {
			const time = timed(item);
			const agreesWithEarlier = agreed.get(item.pair.id);
			return {
				isTie: item.answer.outcome === 'tie',
				...(agreesWithEarlier !== undefined && { agreesWithEarlier }),
				...(time && !time.wasHidden && { msPerWord: time.ms / Math.max(1, time.words) })
			};
		})
	);
}

/** How far apart a pair was held to be before it was first shown, |ln odds|; undefined where nothing was predicted. */
function differenceOf({ pair: { sealed } }: AnsweredPair): number | undefined {
	const certain = sealed?.pA === 0 || sealed?.pA === 1;
	return sealed && !certain ? Math.abs(Math.log(sealed.pA / (1 - sealed.pA))) : undefined;
}

function repeatOf({ first, second }: TwiceAnswered): Repeat {
	const difference = differenceOf(first);
	return {
		first: outcomeOf(first),
		second: outcomeOf(second),
		...(difference !== undefined && { difference })
	};
}

/**
 * The most that a model can be seen to agree with the answers of these people, each of whom disagrees with nobody but
 * themselves: from the repeats of all, of whom those who were asked more count more. null without decided repeats.
 */
export function pooledCeiling(people: readonly (readonly AnsweredPair[])[]): Estimate | null {
	const noise = noiseEstimate(people.flatMap((own) => twiceAnswered(own).map(repeatOf)));
	return noise.value === null ? null : accuracyCeiling(noise);
}

/** Figures of one person, from the pairs that this person answered, in the order of answering. */
export function reliability(own: readonly AnsweredPair[]): Reliability {
	const twice = twiceAnswered(own);
	const pairsOfOutcomes = twice.map(repeatOf);
	const noise = noiseEstimate(pairsOfOutcomes);
	const chosen = own.map(sideOf).filter(isKnown);
	const swapped = twice
		.filter(({ second }) => second.pair.repeatSwapped)
		.map(({ first, second }): SwappedRepeat => ({
			first: outcomeOf(first),
			second: outcomeOf(second),
			firstASide: first.pair.aSide
		}));
	return {
		answers: own.length,
		repeats: twice.length,
		selfAgreement: percentAgreement(
			pairsOfOutcomes.map(({ first, second }): Unit => [first, second])
		),
		selfKappa: kappa(
			pairsOfOutcomes.map(({ first }) => first),
			pairsOfOutcomes.map(({ second }) => second)
		),
		noise,
		noiseByTercile: noiseByTercile(pairsOfOutcomes),
		ceiling: noise.value === null ? null : accuracyCeiling(noise),
		left: leftRate(chosen),
		straight: straightLining(chosen),
		positions: positionalConsistency(swapped),
		rates: answerRates(tally(own.map(({ answer }) => answer))),
		triads: closedTriads(own.filter(isJudged).map(decisionOf)),
		times: responseTimes(own.map(timed).filter(isKnown)),
		fatigue: fatigueOf(own, twice)
	};
}

function decisionOf({ pair, answer }: AnsweredPair): Decision {
	const { outcome } = answer;
	return {
		promptId: pair.promptId,
		aId: pair.a.id,
		bId: pair.b.id,
		outcome: outcome === 'a' || outcome === 'b' ? outcome : 'tie'
	};
}

export interface PairwiseKappa {
	/** Keys of the two people. */
	one: string;
	other: string;
	/** Pairs that both answered. */
	n: number;
	kappa: ReturnType<typeof kappa>;
}

export interface BetweenAnnotators {
	/** Keys of the people who answered anything. */
	people: string[];
	/** Pairs that at least two of them answered. */
	shared: number;
	agreement: ReturnType<typeof percentAgreement>;
	alpha: ReturnType<typeof krippendorffAlpha>;
	interval: ReturnType<typeof alphaInterval>;
	pairwise: PairwiseKappa[];
}

/**
 * The question that a pair puts, by its texts: the same for repeats, second opinions, and files of several people. Its first text
 * is the one that comes first in the order of code units, so that an answer means the same whichever was called a.
 */
function questionOf({ prompt, a, b }: Presentation): { key: string; isTurned: boolean } {
	const isTurned = a.text > b.text;
	const texts = isTurned ? [b.text, a.text] : [a.text, b.text];
	return { key: JSON.stringify([prompt, ...texts]), isTurned };
}

const turned = (outcome: Outcome): Outcome =>
	outcome === 'a' ? 'b' : outcome === 'b' ? 'a' : outcome;

/** A fixed seed: the interval of the same answers is the same every time it is looked at. */
const BOOTSTRAP_SEED = 1;

/**
 * Agreement of several people on the pairs that more than one of them answered, each person's first answer counting. Nominal: a,
 * b or tie; skips are no labels.
 */
export function betweenAnnotators(
	answered: readonly AnsweredPair[],
	keyOf: (answer: AnswerEvent) => string
): BetweenAnnotators {
	const labels = new Map<string, Map<string, Outcome>>();
	const people = new Set<string>();
	for (const { pair, answer } of answered) {
		const person = keyOf(answer);
		const { key, isTurned } = questionOf(pair);
		const ofPair = labels.get(key) ?? new Map<string, Outcome>();
		const { outcome } = answer;
		people.add(person);
		if (outcome && outcome !== 'skip' && !ofPair.has(person)) {
			labels.set(key, ofPair.set(person, isTurned ? turned(outcome) : outcome));
		}
	}
	const names = [...people];
	const shared = [...labels.values()].filter((ofPair) => ofPair.size > 1);
	const units = shared.map((ofPair): Unit => names.map((name) => ofPair.get(name) ?? null));
	const pairwise = names.flatMap((one, i) =>
		names.slice(i + 1).map((other): PairwiseKappa => {
			const both = shared.filter((ofPair) => ofPair.has(one) && ofPair.has(other));
			const by = (name: string) => both.map((ofPair) => ofPair.get(name) ?? 'skip');
			return { one, other, n: both.length, kappa: kappa(by(one), by(other)) };
		})
	);
	return {
		people: names,
		shared: shared.length,
		agreement: percentAgreement(units),
		alpha: krippendorffAlpha(units, 'nominal'),
		interval: alphaInterval(units, 'nominal', { seed: BOOTSTRAP_SEED }),
		pairwise
	};
}
