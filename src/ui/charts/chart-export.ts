/** The two exits of a chart: an opaque, titled picture and its numbers. */

const TITLE_HEIGHT_PX = 44;
const LEGEND_HEIGHT_PX = 24;
const MARGIN_PX = 16;

export interface Picture {
	canvas: HTMLCanvasElement;
	title: string;
	subtitle: string;
	legend: { label: string; color: string }[];
	paper: string;
	ink: string;
	font: string;
}

/** Chart with background, title, axis name and legend, as a PNG. */
export async function chartPicture(picture: Picture): Promise<Blob | null> {
	const { canvas, legend } = picture;
	const scale = canvas.clientWidth > 0 ? canvas.width / canvas.clientWidth : 1;
	const out = document.createElement('canvas');
	const frame = (TITLE_HEIGHT_PX + LEGEND_HEIGHT_PX + 2 * MARGIN_PX) * scale;
	out.width = canvas.width + 2 * MARGIN_PX * scale;
	out.height = canvas.height + frame;
	const context = out.getContext('2d');
	if (!context) {
		return null;
	}
	context.fillStyle = picture.paper;
	context.fillRect(0, 0, out.width, out.height);
	context.scale(scale, scale);
	context.fillStyle = picture.ink;
	context.textBaseline = 'top';
	context.font = `600 16px ${picture.font}`;
	context.fillText(picture.title, MARGIN_PX, MARGIN_PX);
	context.font = `12px ${picture.font}`;
	context.fillText(picture.subtitle, MARGIN_PX, MARGIN_PX + 22);
	context.drawImage(
		canvas,
		MARGIN_PX,
		MARGIN_PX + TITLE_HEIGHT_PX,
		canvas.width / scale,
		canvas.height / scale
	);
	let x = MARGIN_PX;
	const y = out.height / scale - MARGIN_PX - 12;
	for (const entry of legend) {
		context.fillStyle = entry.color;
		context.fillRect(x, y + 5, 16, 3);
		context.fillStyle = picture.ink;
		context.fillText(entry.label, x + 22, y);
		x += 22 + context.measureText(entry.label).width + MARGIN_PX;
	}
	return new Promise((resolve) => out.toBlob(resolve, 'image/png'));
}

/** Hand a file to the person. */
export function download(blob: Blob, fileName: string): void {
	const url = URL.createObjectURL(blob);
	const link = document.createElement('a');
	link.href = url;
	link.download = fileName;
	link.click();
	// The download has begun by the next task; a minute is generous for slow disks.
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function fileStem(title: string): string {
	return title
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^-|-$/g, '');
}
