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
	const { strength = 0 } = answer;
	const much = strength === 3 ? en.compare.byFar : en.compare.much;
	const extra = strength >= 2 ? much : reason.toLowerCase();
	return extra ? `${words}, ${extra}` : words;
}
