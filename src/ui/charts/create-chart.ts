/** The only place that talks to Chart.js: registered parts, and one configuration for every chart of the studio. */
import {
	Chart,
	Decimation,
	LineController,
	LineElement,
	LinearScale,
	LogarithmicScale,
	PointElement,
	type ChartConfiguration
} from 'chart.js';
import { overlayPlugin, type Overlay } from './plugins';

Chart.register(
	LineController,
	LineElement,
	LinearScale,
	LogarithmicScale,
	PointElement,
	Decimation
);

/** Above this many points a curve is thinned for drawing (largest triangle, three buckets). */
const DECIMATE_ABOVE = 2000;
const DECIMATE_TO = 1000;

export type StepChart = Chart<'line', { x: number; y: number }[]>;

export interface ChartOptions {
	overlay: () => Overlay;
	formatTick: (value: number) => string;
	isLogX: boolean;
	isLogY: boolean;
}

/** Chart.js marks every digit of a logarithmic axis; only 1, 2 and 5 get their number. */
function isMainTick(value: number): boolean {
	const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
	return [1, 2, 5].some((main) => Math.abs(digit - main) < 1e-6);
}

export function createChart(canvas: HTMLCanvasElement, options: ChartOptions): StepChart {
	const { isLogX, isLogY, formatTick } = options;
	const configuration: ChartConfiguration<'line', { x: number; y: number }[]> = {
		type: 'line',
		data: { datasets: [] },
		plugins: [overlayPlugin(options.overlay)],
		options: {
			animation: false,
			responsive: true,
			maintainAspectRatio: false,
			parsing: false,
			normalized: true,
			events: [],
			layout: { padding: { top: 8, right: 2 } },
			elements: { point: { radius: 0 }, line: { tension: 0, borderJoinStyle: 'round' } },
			plugins: {
				decimation: {
					// It knows linear steps alone.
					enabled: !isLogX,
					algorithm: 'lttb',
					threshold: DECIMATE_ABOVE,
					samples: DECIMATE_TO
				}
			},
			scales: {
				x: {
					type: isLogX ? 'logarithmic' : 'linear',
					grid: { display: false },
					ticks: {
						maxTicksLimit: 7,
						maxRotation: 0,
						// The ends of a zoomed axis are no steps of their own.
						includeBounds: false,
						...(isLogX
							? { callback: (value) => (isMainTick(Number(value)) ? String(value) : '') }
							: { precision: 0 })
					}
				},
				y: {
					type: isLogY ? 'logarithmic' : 'linear',
					border: { display: false },
					ticks: {
						maxTicksLimit: 5,
						// The axis ends where the data does; ticks stay round.
						includeBounds: false,
						callback: (value) =>
							isLogY && !isMainTick(Number(value)) ? '' : formatTick(Number(value))
					}
				}
			}
		}
	};
	return new Chart(canvas, configuration);
}

/** Step under a horizontal position of the canvas; null outside the plot. */
export function stepAt(chart: StepChart, offsetX: number, steps: ArrayLike<number>): number | null {
	const wanted = valueAtPixel(chart, offsetX);
	if (wanted === null || steps.length === 0) {
		return null;
	}
	let best = steps[0] ?? 0;
	for (let i = 1; i < steps.length; i++) {
		const step = steps[i] ?? 0;
		if (Math.abs(step - wanted) < Math.abs(best - wanted)) {
			best = step;
		}
	}
	return best;
}

/** Place on the step axis under a horizontal position, between steps too; null outside the plot. */
export function valueAtPixel(chart: StepChart, offsetX: number): number | null {
	const x = chart.scales['x'];
	const { left, right } = chart.chartArea;
	return !x || offsetX < left - 6 || offsetX > right + 6
		? null
		: (x.getValueForPixel(offsetX) ?? null);
}
