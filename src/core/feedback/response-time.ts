/**
 * What the time to an answer may hint at. A flag is a signal with innocent explanations and never a reason to reject an
 * answer; being quick is never counted in anyone's favour.
 * Rules: quicker than reading (2 s, or 600 words a minute), less than half of one's own median for texts of that length, and
 * away (over five minutes, or the page hidden). Huang et al. 2012 (2 s an item); Wood et al. 2017; half the median is the
 * usual rule of surveys for speeders.
 */
import { type Missing, missing } from './figure';

/** One answer, in the order in which they were given. */
export interface TimedAnswer {
	/** Words of both completions together: what there was to read. */
	words: number;
	/** From the pair painted to the answer. */
	ms: number;
	/** The page was hidden in the meantime. */
	wasHidden: boolean;
}

export type TimeFlag = 'quicker-than-reading' | 'half-own-median' | 'away';

const LEAST_MS = 2000;
/** 600 words a minute. */
const MS_PER_WORD = 100;
const AWAY_MS = 5 * 60_000;
/** Earlier answers of that length before one's own median counts for anything. */
const LEAST_FOR_MEDIAN = 5;
/** Upper ends of the bins of length, in words; a last one is open. */
const LENGTH_BINS = [20, 40, 80, 160, 320];

export function median(values: readonly number[]): number | null {
	const sorted = values.toSorted((x, y) => x - y);
	const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
	return low === undefined || high === undefined ? null : (low + high) / 2;
}

const isAway = ({ ms, wasHidden }: TimedAnswer): boolean => wasHidden || ms > AWAY_MS;

const binOf = (words: number): number => {
	const bin = LENGTH_BINS.findIndex((top) => words <= top);
	return bin === -1 ? LENGTH_BINS.length : bin;
};

/** [n], the flags of each answer, from it and the answers before it. */
export function timeFlags(answers: readonly TimedAnswer[]): TimeFlag[][] {
	const earlier = new Map<number, number[]>();
	return answers.map((answer) => {
		if (isAway(answer)) {
			return ['away'];
		}
		const flags: TimeFlag[] = [];
		if (answer.ms < Math.max(LEAST_MS, MS_PER_WORD * answer.words)) {
			flags.push('quicker-than-reading');
		}
		const times = earlier.get(binOf(answer.words)) ?? [];
		const usual = times.length < LEAST_FOR_MEDIAN ? null : median(times);
		if (usual !== null && answer.ms < usual / 2) {
			flags.push('half-own-median');
		}
		earlier.set(binOf(answer.words), [...times, answer.ms]);
		return flags;
	});
}

export interface ResponseTimes {
	/** Median milliseconds of the answers that were not interrupted. */
	value: number;
	/** Answers behind it. */
	n: number;
	/** The median milliseconds for each word to read. */
	perWord: number;
	flagged: Readonly<Record<TimeFlag, number>>;
}

/** Summary of a session. Answers flagged 'away' are no measure of how long an answer takes and are left out of the medians. */
export function responseTimes(
	answers: readonly TimedAnswer[]
): ResponseTimes | Missing<'no-uninterrupted-answers'> {
	const present = answers.filter((answer) => !isAway(answer));
	const value = median(present.map(({ ms }) => ms));
	const perWord = median(present.map(({ ms, words }) => ms / Math.max(1, words)));
	if (value === null || perWord === null) {
		return missing('no-uninterrupted-answers');
	}
	const flags = timeFlags(answers).flat();
	const count = (flag: TimeFlag): number => flags.filter((f) => f === flag).length;
	return {
		value,
		n: present.length,
		perWord,
		flagged: {
			'quicker-than-reading': count('quicker-than-reading'),
			'half-own-median': count('half-own-median'),
			away: count('away')
		}
	};
}
