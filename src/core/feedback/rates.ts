/** Rates of ties, skips and "both bad" with Wilson's intervals, and the alarm about the writer of the completions. */
import type { Tally } from './comparison';
import { type Estimate, type Missing, shareOf } from './figure';

/** More than this share of pairs in which both completions are bad: the writer is at fault, not the annotator. */
export const BOTH_BAD_ALARM = 0.3;
/** Fewer answers say nothing about that share. */
const LEAST_FOR_ALARM = 20;

type Rate = Estimate | Missing<'nothing-counted'>;

export interface AnswerRates {
	/** Of answers that are not skips; "both bad" with equal sides counts as a tie too. */
	tie: Rate;
	/** Of all answers. */
	skip: Rate;
	/** Of answers that are not skips. */
	bothBad: Rate;
	alarm: 'on' | 'off' | 'not-enough-data';
}

export function answerRates({ answers, ties, skips, bothBad }: Tally): AnswerRates {
	const judged = answers - skips;
	const isOn = bothBad > BOTH_BAD_ALARM * judged ? 'on' : 'off';
	return {
		tie: shareOf(ties, judged),
		skip: shareOf(skips, answers),
		bothBad: shareOf(bothBad, judged),
		alarm: judged < LEAST_FOR_ALARM ? 'not-enough-data' : isOn
	};
}
