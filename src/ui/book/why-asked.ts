/** Why a pair was asked, in one sentence. To be told after its answer: that a pair is a repeat must not be known before. */
import type { Presentation } from '../../core/records';
import { en } from '../../i18n/en';

const BITS_DIGITS = 2;

export function whyAsked({ selection }: Presentation): string {
	const words = en.reliability.why;
	const why = selection?.why;
	if (!why) {
		return words.none;
	}
	switch (why.kind) {
		case 'bald':
			return words.bald(why.compared, why.score.toFixed(BITS_DIGITS));
		case 'd-optimal':
		case 'disagreement':
			return words[why.kind](why.compared);
		case 'repeat':
			return words.repeat(why.answersAgo);
		case 'triangle':
			return words.triangle[why.stage];
		default:
			return words[why.kind];
	}
}
