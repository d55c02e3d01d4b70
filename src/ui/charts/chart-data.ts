/** What a chart draws, reads out and puts in its table, from the same columns. Pure. */
import { smooth } from '../../core/smoothing';
import type { ChartLine, Direction } from './chart-types';
import type { StepRange } from './step-range';

export interface Curve {
	line: ChartLine;
	raw: ArrayLike<number>;
	/** As drawn; the same as `raw` where nothing is smoothed. */
	drawn: ArrayLike<number>;
	isSmoothed: boolean;
}

export function curvesOf(lines: readonly ChartLine[], smoothing: number): Curve[] {
	return lines.map((line) => {
		const isSmoothed = smoothing > 0 && !line.sparse;
		const drawn = isSmoothed ? smooth(line.ys, smoothing) : line.ys;
		return { line, raw: line.ys, drawn, isSmoothed };
	});
}

/** Every step that any of the lines has, ascending. */
export function stepsOf(lines: readonly ChartLine[]): number[] {
	const [first, ...rest] = lines;
	if (!first) {
		return [];
	}
	const steps = Array.from(first.xs);
	const isSame = rest.every(
		({ xs }) => xs.length === steps.length && steps.every((step, i) => xs[i] === step)
	);
	if (isSame) {
		return steps;
	}
	return [...new Set(lines.flatMap(({ xs }) => Array.from(xs)))].sort((x, y) => x - y);
}

/** Value of a curve at a step as drawn, of the newest step for null; NaN where there is none. */
export function valueAt({ line, drawn }: Curve, step: number | null): number {
	if (step === null) {
		for (let i = drawn.length - 1; i >= 0; i--) {
			const value = drawn[i] ?? NaN;
			if (Number.isFinite(value)) {
				return value;
			}
		}
		return NaN;
	}
	const xs = Array.from(line.xs);
	// What is measured now and then keeps its value until the next time.
	const at = line.sparse ? xs.findLastIndex((x) => x <= step) : xs.indexOf(step);
	return drawn[at] ?? NaN;
}

export interface ChartTableData {
	steps: number[];
	columns: { label: string; isSmoothed: boolean; values: number[] }[];
}

/** A row for each step, NaN where a line has no value; the smoothed column beside the measured one. */
export function tableOf(lines: readonly ChartLine[], smoothing: number): ChartTableData {
	const steps = stepsOf(lines);
	const columns = curvesOf(lines, smoothing).flatMap(({ line, raw, drawn, isSmoothed }) => {
		const places = new Map(Array.from(line.xs, (x, i) => [x, i]));
		const column = (values: ArrayLike<number>, isSmoothed: boolean) => ({
			...{ label: line.label, isSmoothed },
			values: steps.map((step) => values[places.get(step) ?? -1] ?? NaN)
		});
		return isSmoothed ? [column(raw, false), column(drawn, true)] : [column(raw, false)];
	});
	return { steps, columns };
}

export interface CurveSummary {
	label: string;
	first: number;
	firstStep: number;
	last: number;
	lastStep: number;
	/** Lowest and highest; which of them is best is for the direction to say. */
	low: { value: number; step: number };
	high: { value: number; step: number };
	best: { value: number; step: number } | null;
}

/** From where to where a measured curve went; null without a number. Of equal values the first counts. */
export function summaryOf(
	{ label, xs, ys }: Pick<ChartLine, 'label' | 'xs' | 'ys'>,
	direction: Direction
): CurveSummary | null {
	const points = Array.from(ys, (value, i) => ({ value, step: xs[i] ?? NaN })).filter(({ value }) =>
		Number.isFinite(value)
	);
	const [first, last] = [points[0], points.at(-1)];
	if (!first || !last) {
		return null;
	}
	const low = points.reduce((least, point) => (point.value < least.value ? point : least));
	const high = points.reduce((most, point) => (point.value > most.value ? point : most));
	return {
		...{ label, low, high },
		first: first.value,
		firstStep: first.step,
		last: last.value,
		lastStep: last.step,
		best: direction === 'up' ? high : direction === 'down' ? low : null
	};
}

/** Values of a curve at the steps in sight. */
export function valuesWithin(
	xs: ArrayLike<number>,
	ys: ArrayLike<number>,
	range: StepRange | null
): ArrayLike<number> {
	return range === null
		? ys
		: Array.from(ys).filter((_, i) => {
				const x = xs[i] ?? NaN;
				return x >= range.from && x <= range.to;
			});
}
