/** The only place that talks to Chart.js: registered parts, and one configuration for every chart of the studio. */
import {
	Chart,
	Decimation,
	LineController,
	LineElement,
	LinearScale,
	PointElement,
	type ChartConfiguration
} from 'chart.js';
import { overlayPlugin, type Overlay } from './plugins';

Chart.register(LineController, LineElement, LinearScale, PointElement, Decimation);

/** Above this many points a curve is thinned for drawing (largest triangle, three buckets). */
const DECIMATE_ABOVE = 2000;
const DECIMATE_TO = 1000;

export type StepChart = Chart<'line', { x: number; y: number }[]>;

export interface ChartCallbacks {
	overlay: () => Overlay;
	formatTick: (value: number) => string;
}

export function createChart(canvas: HTMLCanvasElement, callbacks: ChartCallbacks): StepChart {
	const configuration: ChartConfiguration<'line', { x: number; y: number }[]> = {
		type: 'line',
		data: { datasets: [] },
		plugins: [overlayPlugin(callbacks.overlay)],
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
					enabled: true,
					algorithm: 'lttb',
					threshold: DECIMATE_ABOVE,
					samples: DECIMATE_TO
				}
			},
			scales: {
				x: {
					type: 'linear',
					grid: { display: false },
					ticks: { maxTicksLimit: 7, precision: 0, maxRotation: 0 }
				},
				y: {
					type: 'linear',
					border: { display: false },
					ticks: {
						maxTicksLimit: 5,
						// The axis ends where the data does; ticks stay round.
						includeBounds: false,
						callback: (value) => callbacks.formatTick(Number(value))
					}
				}
			}
		}
	};
	return new Chart(canvas, configuration);
}

/** Step under a horizontal position of the canvas; null outside the plot. */
export function stepAt(chart: StepChart, offsetX: number, steps: ArrayLike<number>): number | null {
	const x = chart.scales['x'];
	const { left, right } = chart.chartArea;
	if (!x || steps.length === 0 || offsetX < left - 6 || offsetX > right + 6) {
		return null;
	}
	const wanted = x.getValueForPixel(offsetX) ?? 0;
	let best = steps[0] ?? 0;
	for (let i = 1; i < steps.length; i++) {
		const step = steps[i] ?? 0;
		if (Math.abs(step - wanted) < Math.abs(best - wanted)) {
			best = step;
		}
	}
	return best;
}
