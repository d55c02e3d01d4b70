/** Between what a person sees (left, right) and what is stored (a, b). Pure. */
import type { Judgement } from '../../core/feedback/comparison';
import type { AnswerEvent, Presentation, SkipReason } from '../../core/records';

export type Side = 'left' | 'right';
/** How a stitch of the ribbon looks. */
export type SeenOutcome = Side | 'tie' | 'skip';

export function chooseSide(pair: Presentation, side: Side, strength: 1 | 2): Judgement {
	return { outcome: pair.aSide === side ? 'a' : 'b', strength };
}

/** The same answer, however strong. */
export function isSameChoice(one: Judgement, other: Judgement): boolean {
	return one.outcome === other.outcome && one.qualityA === other.qualityA;
}

/** One step stronger, from the strongest back to the weakest; a tie has no strength. */
export function stronger(judgement: Judgement): Judgement {
	const { strength = 0 } = judgement;
	const next = strength === 1 ? 2 : strength === 2 ? 3 : 1;
	return strength === 0 ? judgement : { ...judgement, strength: next };
}

export const TIE: Judgement = { outcome: 'tie', strength: 0 };

/** Relative: a tie. Absolute: neither is any good. */
export const BOTH_BAD: Judgement = {
	outcome: 'tie',
	strength: 0,
	qualityA: 'bad',
	qualityB: 'bad'
};

export function skipFor(reason: SkipReason): Judgement {
	return { outcome: 'skip', strength: 0, skipReason: reason };
}

export function seenOutcome(pair: Presentation, answer: AnswerEvent): SeenOutcome {
	switch (answer.outcome) {
		case 'a':
			return pair.aSide;
		case 'b':
			return pair.aSide === 'left' ? 'right' : 'left';
		case 'tie':
			return 'tie';
		default:
			return 'skip';
	}
}

export function isBothBad(answer: AnswerEvent): boolean {
	return answer.qualityA === 'bad' && answer.qualityB === 'bad';
}

/** The texts as they stand on the pages. */
export function pagesOf(pair: Presentation): Record<Side, string> {
	const { a, b } = pair;
	return pair.aSide === 'left' ? { left: a.text, right: b.text } : { left: b.text, right: a.text };
}
