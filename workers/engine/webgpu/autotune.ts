/**
 * Finds out how a graphics device likes its matrix products cut up: runs the gate-and-up layer of the model at hand, forward and backward,
 * with every tile, and takes the fastest. A fraction of a second on a real card; an imitated one is not asked, its times mean nothing.
 */
import type { Command, Grid, GpuRuntime } from './gpu-runtime';
import type { DecoderShape } from './kernels/decoder-shape';
import { gateUp } from './kernels/linear-forward';
import { gateUpInputGradient } from './kernels/linear-input-gradients';
import type { LinearKernel } from './kernels/linear-operands';
import { gateUpWeightGradient } from './kernels/linear-weight-gradients';
import { PASS_BYTES, writePass } from './kernels/pass-uniform';
import { reduceGroups, sumOfParts } from './kernels/rows';
import { TILES, tileNamed, type MatmulChoice, type Tile } from './kernels/tiles';
import { linearGrid } from './kernels/wgsl';
import type { KernelSource } from './kernel';

export interface TuneOptions {
	tiles: readonly Tile[];
	/** Positions of the pass that is tried. */
	positions: number;
	/** Most runs in one measurement. */
	mostRepeats: number;
}

const DEFAULTS: TuneOptions = { tiles: TILES, positions: 1024, mostRepeats: 256 };
const ROUNDS = 3;
/** Long enough that a submit's own time does not decide. */
const ROUND_MS = 4;
/** Larger pools of parts cost more traffic than idle processors would. */
const MOST_PART_BYTES = 64 * 2 ** 20;

/** Where nothing can be measured. Chosen for adapters imitated on the processor, where barriers are dear. */
export const SOFTWARE_CHOICE: MatmulChoice = {
	nt: tileNamed('direct32'),
	nn: tileNamed('direct32'),
	tn: tileNamed('direct32'),
	split: 1
};

/** Parts of the weight gradients' sums that a model of this shape has room for. */
export const possibleSplits = ({ matrixFloats }: DecoderShape): number[] =>
	[1, 4, 8].filter((split) => split === 1 || 4 * split * matrixFloats <= MOST_PART_BYTES);

interface Trial {
	sources: readonly { source: KernelSource; grid: Grid; buffers: readonly GPUBuffer[] }[];
}

/** Call it inside `runtime.exclusive`, so that nothing else is measured. */
export async function tuneMatmul(
	runtime: GpuRuntime,
	shape: DecoderShape,
	options: Partial<TuneOptions> = {}
): Promise<MatmulChoice> {
	const o = { ...DEFAULTS, ...options };
	const weights = Math.ceil((2 * shape.intermediate * shape.hidden) / 64) * 64;
	const splits = possibleSplits(shape);
	// The one layer is all of the model that is tried.
	const probe: DecoderShape = {
		...shape,
		matrixFloats: weights,
		gaps: { k: 0, v: 0, up: 0 }
	};
	const { memory } = runtime;
	const made: GPUBuffer[] = [];
	const buffer = (floats: number) => {
		const storage = memory.storage({ label: 'autotune', bytes: 4 * floats });
		made.push(storage);
		return storage;
	};
	try {
		const x = buffer(o.positions * shape.hidden);
		const dx = buffer(o.positions * shape.hidden);
		const y = buffer(o.positions * 2 * shape.intermediate);
		const gain = buffer(shape.hidden);
		const inverseRms = buffer(o.positions);
		const w = buffer(weights);
		const gradient = buffer(weights);
		const parts = buffer(weights * Math.max(...splits));
		const vectors = buffer(64);
		const numbers = memory.uniform('autotune', PASS_BYTES);
		made.push(numbers);
		runtime.write(numbers, passOf(o.positions, weights));
		const linear = (kernel: LinearKernel, buffers: readonly GPUBuffer[]) => ({
			source: kernel.source,
			grid: kernel.grid(o.positions),
			buffers: [...buffers, numbers]
		});
		const forward = (tile: Tile): Trial => ({
			sources: [linear(gateUp(probe, tile), [x, gain, w, y, inverseRms])]
		});
		const backward = (tile: Tile): Trial => ({
			sources: [linear(gateUpInputGradient(probe, tile), [y, w, dx])]
		});
		const weightGradient = ({ tile, split }: { tile: Tile; split: number }): Trial => ({
			sources: [
				linear(gateUpWeightGradient(probe, { tn: tile, split }), [
					...[y, x, inverseRms, gain],
					split > 1 ? parts : gradient
				]),
				...(split > 1
					? [
							{
								source: sumOfParts(probe, split),
								grid: linearGrid(reduceGroups(weights)),
								buffers: [gradient, parts, vectors, numbers]
							}
						]
					: [])
			]
		});
		const fastest = <T>(candidates: readonly T[], trial: (candidate: T) => Trial) =>
			fastestOf(runtime, candidates, trial, o.mostRepeats);
		const nt = await fastest(o.tiles, forward);
		const nn = await fastest(o.tiles, backward);
		const tn = await fastest(
			o.tiles.flatMap((tile) => splits.map((split) => ({ tile, split }))),
			weightGradient
		);
		return { nt, nn, tn: tn.tile, split: tn.split };
	} finally {
		made.forEach((one) => memory.free(one));
	}
}

/** The pass that is tried: so many positions, all of the one matrix summed up. */
function passOf(positions: number, weights: number): DataView<ArrayBuffer> {
	const view = new DataView(new ArrayBuffer(PASS_BYTES));
	writePass(view, 0, {
		positions,
		first: 0,
		count: positions,
		inverseTemperature: 1,
		hasLogitGradient: false,
		hasVocabulary: false,
		hasValues: false,
		rows: 0,
		tokens: 0,
		isNormalised: false,
		vectorStride: 0,
		matrices: [0, weights / 4],
		vectors: [0, 0]
	});
	return view;
}

async function fastestOf<T>(
	runtime: GpuRuntime,
	candidates: readonly T[],
	trial: (candidate: T) => Trial,
	mostRepeats: number
): Promise<T> {
	const prepared = await Promise.all(
		candidates.map(async (candidate) => ({
			candidate,
			commands: await Promise.all(
				trial(candidate).sources.map(async ({ source, grid, buffers }) => {
					const kernel = await runtime.kernels.get(source);
					const ranges = buffers.map((one) => ({ buffer: one }));
					return { kernel, bindGroup: runtime.bind('step', kernel, ranges), grid: () => grid };
				})
			)
		}))
	);
	const measure = async (commands: readonly Command[], repeats: number): Promise<number> => {
		const list = Array.from({ length: repeats }, () => commands).flat();
		const started = performance.now();
		runtime.submit('step', list, { perSubmit: list.length });
		await runtime.idle();
		return performance.now() - started;
	};
	// Drivers finish compiling on first use.
	for (const { commands } of prepared) {
		await measure(commands, 1);
	}
	// Alike for all: what a submit costs by itself is then the same share of every measurement.
	let repeats = 1;
	while (
		repeats < mostRepeats &&
		(await measure(prepared[0]?.commands ?? [], repeats)) < ROUND_MS
	) {
		repeats *= 2;
	}
	let best = prepared[0];
	let bestMs = Infinity;
	for (const one of prepared) {
		let ms = Infinity;
		for (let round = 0; round < ROUNDS; round++) {
			ms = Math.min(ms, await measure(one.commands, repeats));
		}
		if (ms < bestMs) {
			bestMs = ms;
			best = one;
		}
	}
	if (!best) {
		throw new Error('nothing to choose from');
	}
	return best.candidate;
}
