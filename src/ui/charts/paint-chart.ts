/** From curves and a range of steps to what Chart.js draws. */
import { valuesWithin, type Curve } from './chart-data';
import { dashOf } from './chart-types';
import type { StepChart } from './create-chart';
import { family, tone } from './palette.svelte';
import type { StepRange } from './step-range';
import { logYBounds, yBounds } from './y-bounds';

export interface Picture {
	curves: readonly Curve[];
	/** All steps that there are, or are to come. */
	full: StepRange;
	/** Steps in sight; null: all. */
	range: StepRange | null;
	include: readonly number[];
	isLogX: boolean;
	isLogY: boolean;
}

const FONT_PX = 11;

/** A logarithmic axis has no place for 0 and below: such points are gaps. */
function points(
	xs: ArrayLike<number>,
	ys: ArrayLike<number>,
	{ isLogX, isLogY }: Pick<Picture, 'isLogX' | 'isLogY'>
): { x: number; y: number }[] {
	return Array.from(xs, (x, i) => {
		const y = ys[i] ?? NaN;
		const isPlaced = (!isLogX || x > 0) && (!isLogY || y > 0);
		return { x, y: isPlaced ? y : NaN };
	}).filter(({ x }) => !isLogX || x > 0);
}

const faint = (color: string): string => color.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.28)');

function datasetsOf(picture: Picture): StepChart['data']['datasets'] {
	return picture.curves.flatMap(({ line, raw, drawn, isSmoothed }) => {
		const color = tone(line.tone);
		const main = {
			label: line.label,
			data: points(line.xs, drawn, picture),
			borderColor: color,
			borderWidth: 2,
			borderDash: [...dashOf(line)],
			// A single step would be invisible as a line.
			pointRadius: line.sparse || line.xs.length < 3 ? 2.5 : 0,
			pointBackgroundColor: color,
			spanGaps: false
		};
		const behind = {
			...{ ...main, label: '', data: points(line.xs, raw, picture) },
			...{ borderColor: faint(color), borderWidth: 1, borderDash: [], pointRadius: 0 }
		};
		return isSmoothed ? [behind, main] : [main];
	});
}

export function paint(chart: StepChart, picture: Picture): void {
	const { curves, full, range, include, isLogX, isLogY } = picture;
	chart.data.datasets = datasetsOf(picture);
	const x = chart.options.scales?.['x'];
	const y = chart.options.scales?.['y'];
	const font = { size: FONT_PX, family: family('interface') };
	if (x?.ticks && y?.ticks && y.grid && x.border) {
		const { from, to } = range ?? full;
		x.min = isLogX ? Math.max(1, from) : from;
		x.max = to;
		x.ticks.color = tone('quiet');
		y.ticks.color = tone('quiet');
		x.ticks.font = font;
		y.ticks.font = font;
		x.border.color = tone('hairline');
		y.grid.color = tone('rule');
		const seen = curves.map(({ line, raw }) => valuesWithin(line.xs, raw, range));
		[y.min, y.max] = isLogY ? logYBounds(seen) : yBounds(seen, include);
	}
	chart.update('none');
}

/** Points that a logarithmic axis leaves out. */
export function leftOut(curves: readonly Curve[], isLogY: boolean): number {
	return isLogY
		? curves.reduce((n, { raw }) => n + Array.from(raw).filter((value) => value <= 0).length, 0)
		: 0;
}
