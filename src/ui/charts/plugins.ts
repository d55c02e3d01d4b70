/** What is drawn over and under the curves: reference lines with their label on the line, the step crosshair, the steps being chosen. */
import type { Chart, Plugin } from 'chart.js';

export interface Overlay {
	references: { value: number; label: string; color: string }[];
	/** Vertical marks in step units. */
	hovered: number | null;
	selected: number | null;
	/** Steps between which the pointer is being dragged. */
	band: readonly [number, number] | null;
	wash: string;
	crosshair: string;
	accent: string;
	font: string;
}

const LABEL_OFFSET_PX = 9;

/** Behind the curves: the line, and its label just above it (below, at the top of the plot). */
function drawReferences(chart: Chart, overlay: Overlay): void {
	const { ctx, chartArea, scales } = chart;
	const y = scales['y'];
	if (!y) {
		return;
	}
	ctx.save();
	ctx.font = overlay.font;
	ctx.textBaseline = 'middle';
	ctx.lineWidth = 1;
	ctx.setLineDash([2, 4]);
	for (const line of overlay.references) {
		const at = y.getPixelForValue(line.value);
		if (at < chartArea.top - 1 || at > chartArea.bottom + 1) {
			continue;
		}
		ctx.strokeStyle = line.color;
		ctx.beginPath();
		ctx.moveTo(chartArea.left, at);
		ctx.lineTo(chartArea.right, at);
		ctx.stroke();
		const isAtTop = at - chartArea.top < 2 * LABEL_OFFSET_PX;
		const left = chartArea.right - ctx.measureText(line.label).width;
		ctx.fillStyle = line.color;
		ctx.fillText(line.label, left, at + (isAtTop ? LABEL_OFFSET_PX : -LABEL_OFFSET_PX));
	}
	ctx.restore();
}

function drawMark(chart: Chart, step: number | null, color: string, dash: number[]): void {
	const x = chart.scales['x'];
	if (step === null || !x) {
		return;
	}
	const at = x.getPixelForValue(step);
	const { ctx, chartArea } = chart;
	if (at < chartArea.left - 1 || at > chartArea.right + 1) {
		return;
	}
	ctx.save();
	ctx.strokeStyle = color;
	ctx.lineWidth = 1;
	ctx.setLineDash(dash);
	ctx.beginPath();
	ctx.moveTo(at, chartArea.top);
	ctx.lineTo(at, chartArea.bottom);
	ctx.stroke();
	ctx.restore();
}

function drawBand(chart: Chart, { band, wash }: Overlay): void {
	const x = chart.scales['x'];
	if (!band || !x) {
		return;
	}
	const { ctx, chartArea } = chart;
	const [from, to] = [x.getPixelForValue(band[0]), x.getPixelForValue(band[1])];
	ctx.save();
	ctx.fillStyle = wash;
	ctx.fillRect(Math.min(from, to), chartArea.top, Math.abs(to - from), chartArea.height);
	ctx.restore();
}

export function overlayPlugin(read: () => Overlay): Plugin<'line'> {
	return {
		id: 'overlay',
		beforeDatasetsDraw(chart) {
			const overlay = read();
			drawBand(chart, overlay);
			drawReferences(chart, overlay);
		},
		afterDatasetsDraw(chart) {
			const overlay = read();
			drawMark(chart, overlay.selected, overlay.accent, []);
			drawMark(chart, overlay.hovered, overlay.crosshair, [3, 3]);
		}
	};
}
