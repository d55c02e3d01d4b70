/** The two gradients of y = x W^T, W [out,in]. */
import { withScope } from './heap';
import type { Kernels } from './kernels';

export interface OutputGradient {
	rows: number;
	out: number;
	/** Inputs. */
	width: number;
	/** [rows,out], `ldy` bytes apart. */
	dy: number;
	ldy: number;
}

/** dx[rows,in] = dy W, or += with `add`. */
export function inputGradient(
	{ run, heap }: Kernels,
	{ rows, out, width, dy, ldy }: OutputGradient,
	weight: number,
	dx: number,
	add: number
): void {
	withScope(heap, (work) => {
		const panels = work.floats(out * Math.ceil(width / 8) * 8);
		run.packColumns(out, width, weight, width * 4, panels, out);
		run.gemm(rows, width, out, dy, ldy, panels, out, dx, width * 4, add);
	});
}

/** x[rows,in] in the panels that `weightGradientOf` multiplies by; several products may share them. */
export function inputPanels(
	{ run }: Kernels,
	rows: number,
	width: number,
	x: number,
	panels: number
): void {
	run.packColumns(rows, width, x, width * 4, panels, rows);
}

/** dW[out,in] += dy^T x, x in panels. */
export function weightGradientOf(
	{ run, heap }: Kernels,
	{ rows, out, width, dy, ldy }: OutputGradient,
	panels: number,
	dWeight: number
): void {
	withScope(heap, (work) => {
		const turned = work.floats(out * rows);
		run.transpose(rows, out, dy, ldy, turned, rows * 4);
		run.gemm(out, width, rows, turned, rows * 4, panels, rows, dWeight, width * 4, 1);
	});
}

/** dW[out,in] += dy^T x. */
export function weightGradient(
	kernels: Kernels,
	product: OutputGradient,
	x: number,
	dWeight: number
): void {
	const { rows, width } = product;
	withScope(kernels.heap, (work) => {
		const panels = work.floats(rows * Math.ceil(width / 8) * 8);
		inputPanels(kernels, rows, width, x, panels);
		weightGradientOf(kernels, product, panels, dWeight);
	});
}
