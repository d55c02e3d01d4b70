/** The forecast of the answers still needed, in words. Pure. */
import { LEAST_PREDICTIONS } from '../../core/feedback/forecast';
import { en } from '../../i18n/en';
import { FORECAST_TARGET, type AnswersForecast } from '../../state/reliability.svelte';
import { formatInteger, formatPercent } from '../format';

/** Below this every answer counts; above, wide intervals are not known to the last one. */
const EXACT_BELOW = 20;
const STEP = 5;

const more = (answers: number): string =>
	formatInteger(answers < EXACT_BELOW ? Math.ceil(answers) : Math.ceil(answers / STEP) * STEP);

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
