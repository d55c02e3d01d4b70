/** A chart in words: what a screen reader says of it, and its one-sentence summary. */
import { en } from '../../i18n/en';
import { summaryOf, valueAt, type Curve } from './chart-data';
import type { ChartLine, Direction } from './chart-types';

/** Values of all curves at a step; the newest for null. */
export function readOut(
	curves: readonly Curve[],
	step: number | null,
	format: (value: number) => string
): string[] {
	return curves
		.map((curve) => ({ label: curve.line.label, value: valueAt(curve, step) }))
		.filter(({ value }) => Number.isFinite(value))
		.map(({ label, value }) => `${label} ${format(value)}`);
}

/** From where to where each line went, its best, and where it is now. */
export function summarise(
	lines: readonly ChartLine[],
	direction: Direction,
	format: (value: number) => string
): string {
	const sentences = lines.flatMap((line) => {
		const found = summaryOf(line, direction);
		if (!found) {
			return [];
		}
		const { label, first, firstStep, last, lastStep, low, high, best } = found;
		const course = en.charts.course(label, format(first), firstStep, format(last), lastStep);
		const extreme = best
			? en.charts.best(format(best.value), best.step)
			: en.charts.between(format(low.value), format(high.value));
		return [`${course}, ${extreme}.`];
	});
	return sentences.length === 0 ? en.charts.noNumbers : sentences.join(' ');
}
