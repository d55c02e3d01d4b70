/**
 * What the command lists of one model's passes are made from. Lists are made once for a workspace and replayed for every batch; grids are
 * asked for at every replay, so one list serves all sizes.
 */
import type { EngineOperation } from '../../../../src/protocol/trainer';
import type { GpuParameters } from '../gpu-parameters';
import type { BufferRange, Command, Grid, GpuRuntime } from '../gpu-runtime';
import type { Kernel } from '../kernel';
import type { DecoderKernels } from '../kernels/decoder-kernels';
import type { DecoderShape } from '../kernels/decoder-shape';
import type { Workspace } from './workspace';

/** Sizes of the pass that is replayed next. */
export interface PassSizes {
	positions: number;
	rows: number;
	tiles: number;
	tokens: number;
	/** Positions in each part of the vocabulary head. */
	parts: number[];
	/** Floats of the pool to be summed up. */
	summed: number;
}

export interface CommandContext {
	runtime: GpuRuntime;
	shape: DecoderShape;
	kernels: DecoderKernels;
	workspace: Workspace;
	parameters: GpuParameters;
	valueHeads: number;
	/** Parts of the weight gradients' sums. */
	split: number;
	sizes: PassSizes;
	/** Whose bind groups are counted. */
	operation: EngineOperation;
}

type Linear = DecoderKernels['linear'][keyof DecoderKernels['linear']];

/** Commands of kernels on ranges of buffers; those of matrix products take their grids from the positions. */
export function makers({ runtime, operation, sizes }: CommandContext) {
	const command = (kernel: Kernel, ranges: readonly BufferRange[], grid: () => Grid): Command => ({
		kernel,
		bindGroup: runtime.bind(operation, kernel, ranges),
		grid
	});
	const linear = (
		{ kernel, grid }: Linear,
		ranges: readonly BufferRange[],
		positions = () => sizes.positions
	): Command => command(kernel, ranges, () => grid(positions()));
	return { command, linear };
}
