import type { AnswerEvent, Presentation } from '../../core/records';
import { en } from '../../i18n/en';
import { isBothBad, seenOutcome } from './judgement';

/** "left better, much", "both bad", "tie": what a person answered, in words. */
export function describeAnswer(pair: Presentation, answer: AnswerEvent): string {
	if (isBothBad(answer)) {
		return en.compare.bad;
	}
	const words = en.compare.sideOutcome[seenOutcome(pair, answer)];
	const reason = answer.skipReason ? en.compare.skipReasons[answer.skipReason] : '';
	const extra = (answer.strength ?? 0) >= 2 ? en.compare.much : reason.toLowerCase();
	return extra ? `${words}, ${extra}` : words;
}
