/** The forecast of the answers still needed, in words. Pure. */
import { LEAST_PREDICTIONS } from '../../core/feedback/forecast';
import { en } from '../../i18n/en';
import { FORECAST_TARGET, type AnswersForecast } from '../../state/reliability.svelte';
import { formatInteger, formatPercent } from '../format';

/** [from, step]: the more answers, the less it is known to the last one. */
const STEPS = [
	[1000, 100],
	[200, 50],
	[20, 5]
] as const;

function more(answers: number): string {
	const [, step] = STEPS.find(([from]) => answers >= from) ?? [0, 1];
	return formatInteger(Math.ceil(answers / step) * step);
}

/** A sentence without its full stop, and the interval; the interval is empty where there is no forecast. */
export function describeForecast({ result, predictions }: AnswersForecast): {
	headline: string;
	range: string;
} {
	const words = en.reliability.forecast;
	const target = formatPercent(FORECAST_TARGET);
	if (result.value === null) {
		const headline = words.none[result.reason](predictions, LEAST_PREDICTIONS, target);
		return { headline, range: '' };
	}
	const { low, median, high } = result.value;
	const range = high === null ? words.atLeast(more(low)) : words.range(more(low), more(high));
	if (median === null) {
		return { headline: words.never(target), range };
	}
	const headline = median === 0 ? words.reached(target) : words.about(more(median), target);
	return { headline, range };
}
