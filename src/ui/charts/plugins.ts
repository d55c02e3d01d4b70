/** Two small Chart.js plugins: reference lines with their label on the line, and the step crosshair. */
import type { Chart, Plugin } from 'chart.js';

export interface Overlay {
	references: { value: number; label: string; color: string }[];
	/** Vertical marks in step units. */
	hovered: number | null;
	selected: number | null;
	crosshair: string;
	accent: string;
	paper: string;
	font: string;
}

const LABEL_PADDING_PX = 4;

/** Lines lie behind the curves, their labels over them. */
function drawReferences(chart: Chart, overlay: Overlay, part: 'lines' | 'labels'): void {
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
		if (part === 'lines') {
			ctx.strokeStyle = line.color;
			ctx.beginPath();
			ctx.moveTo(chartArea.left, at);
			ctx.lineTo(chartArea.right, at);
			ctx.stroke();
		} else {
			const width = ctx.measureText(line.label).width + 2 * LABEL_PADDING_PX;
			ctx.fillStyle = overlay.paper;
			ctx.fillRect(chartArea.right - width - LABEL_PADDING_PX, at - 8, width, 16);
			ctx.fillStyle = line.color;
			ctx.fillText(line.label, chartArea.right - width, at);
		}
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

export function overlayPlugin(read: () => Overlay): Plugin<'line'> {
	return {
		id: 'overlay',
		beforeDatasetsDraw(chart) {
			drawReferences(chart, read(), 'lines');
		},
		afterDatasetsDraw(chart) {
			const overlay = read();
			drawReferences(chart, overlay, 'labels');
			drawMark(chart, overlay.selected, overlay.accent, []);
			drawMark(chart, overlay.hovered, overlay.crosshair, [3, 3]);
		}
	};
}
