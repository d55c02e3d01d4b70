/**
 * The command lists of one model's passes in a workspace: made once, replayed for every batch. Grids are asked for at every replay, so
 * one list serves all sizes.
 */
import type { EngineOperation } from '../../../../src/protocol/trainer';
import { EMBEDDING, FINAL_NORM, LM_HEAD, SCALAR_HEADS, layerNames } from '../../decoder-parameters';
import type { DecoderKernels } from '../kernels/decoder-kernels';
import type { DecoderShape } from '../kernels/decoder-shape';
import type { GpuParameters } from '../gpu-parameters';
import type { BufferRange, Command, Grid, GpuRuntime } from '../gpu-runtime';
import type { Kernel } from '../kernel';
import { stripCount } from '../kernels/norm';
import { reduceGroups, rowGroups } from '../kernels/rows';
import { linearGrid } from '../kernels/wgsl';
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

/** The vocabulary head for a part of the positions. */
interface HeadPart {
	logits: Command;
	statistics: Command;
}

export interface ForwardCommands {
	/** Ids to the last hidden states. */
	trunk: readonly Command[];
	parts: readonly HeadPart[];
	scalarHeads: readonly Command[];
	lastRows: Command;
	/** Logits of gathered rows. */
	lastLogits: readonly Command[];
}

export interface BackwardCommands {
	/** By part of the vocabulary head: gradients by the last states and by the head's weights. */
	parts: readonly (readonly Command[])[];
	finalNorm: Command;
	/** From the last layer to the first. */
	layers: readonly Command[];
	sumOfParts: Command;
	embedding: Command;
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

function makers({ runtime, operation, sizes }: CommandContext) {
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

export function forwardCommands(context: CommandContext): ForwardCommands {
	const { shape: s, kernels, workspace: w, parameters, sizes } = context;
	const { command, linear } = makers(context);
	const weights = (first: string, last = first) => parameters.span(parameters.values, first, last);
	const tables = w.tokenSections;
	const table = (start: number) => w.section('tables', start);
	const coefficients = w.coefficientSections;
	const pass = w.uniform(0);
	const rope = w.shared('rope');
	const vocabulary = weights(s.isTied ? EMBEDDING : LM_HEAD);

	const trunk: Command[] = [
		command(
			kernels.other.embedding,
			[table(tables.ids), weights(EMBEDDING), w.layer(0, 'attentionInput'), pass],
			() => linearGrid(rowGroups(sizes.positions, s.hidden))
		)
	];
	for (let layer = 0; layer < s.layers; layer++) {
		const n = layerNames(layer);
		const own = (name: Parameters<Workspace['layer']>[1]) => w.layer(layer, name);
		const next = layer + 1 < s.layers ? w.layer(layer + 1, 'attentionInput') : w.shared('last');
		trunk.push(
			linear(kernels.linear.qkv, [
				own('attentionInput'),
				weights(n.attentionNorm),
				weights(n.q, n.v),
				own('qkv'),
				own('attentionScale'),
				table(tables.rowInfo),
				rope,
				pass
			]),
			command(
				kernels.other.attention,
				[own('qkv'), table(tables.tiles), own('mixed'), own('logSum')],
				() => [sizes.tiles, s.heads, 1]
			),
			linear(kernels.linear.attentionOut, [
				own('mixed'),
				weights(n.o),
				own('attentionInput'),
				own('mlpInput'),
				pass
			]),
			linear(kernels.linear.gateUp, [
				own('mlpInput'),
				weights(n.mlpNorm),
				weights(n.gate, n.up),
				own('gateUp'),
				own('mlpScale'),
				pass
			]),
			linear(kernels.linear.down, [own('gateUp'), weights(n.down), own('mlpInput'), next, pass])
		);
	}

	const logits = (from: BufferRange, scale: BufferRange, part: number): Command =>
		linear(
			kernels.linear.logits,
			[from, weights(FINAL_NORM), vocabulary, w.shared('logits'), scale, w.uniform(part + 1)],
			() => sizes.parts[part] ?? 0
		);
	const eachPart = <T>(make: (part: number) => T): T[] =>
		Array.from({ length: w.parts }, (_, part) => make(part));
	const statistics = (part: number): Command =>
		command(
			kernels.other.tokenStatistics,
			[
				w.shared('logits'),
				table(tables.nextIds),
				w.section('coefficients', coefficients.dLogProb),
				w.section('coefficients', coefficients.dEntropy),
				w.section('statistics', 0, entropyStart(w)),
				w.section('statistics', entropyStart(w)),
				w.uniform(part + 1)
			],
			() => linearGrid(sizes.parts[part] ?? 0)
		);
	return {
		trunk,
		parts: eachPart((part) => ({
			logits: logits(w.shared('last'), w.shared('lastScale'), part),
			statistics: statistics(part)
		})),
		scalarHeads:
			context.valueHeads > 0
				? [
						command(
							kernels.other.scalarHeads,
							[
								w.shared('last'),
								weights(FINAL_NORM),
								weights(SCALAR_HEADS),
								w.shared('lastScale'),
								w.shared('values'),
								pass
							],
							() => linearGrid(sizes.positions)
						)
					]
				: [],
		lastRows: command(
			kernels.other.lastRows,
			[
				w.shared('last'),
				weights(FINAL_NORM),
				table(tables.lastPositions),
				w.shared('lastRows'),
				pass
			],
			() => linearGrid(sizes.rows)
		),
		lastLogits: eachPart((part) => logits(w.shared('lastRows'), w.shared('lastRowsScale'), part))
	};
}

/** Log-probabilities come first in the buffer of statistics, then entropies. */
export const entropyStart = ({ capacity }: Workspace): number =>
	Math.ceil(capacity.positions / 64) * 64;

export function backwardCommands(context: CommandContext): BackwardCommands {
	const { shape: s, kernels, workspace: w, parameters, sizes, split } = context;
	const { command, linear } = makers(context);
	const { gradients } = parameters.ensureTraining();
	const weights = (first: string, last = first) => parameters.span(parameters.values, first, last);
	const matrixGradient = (first: string, last = first): BufferRange =>
		split > 1
			? w.section('matrixParts', parameters.layout.slot(first).offset)
			: parameters.span(gradients, first, last);
	const gainParts = (name: string) =>
		w.section('vectorParts', parameters.layout.slot(name).offset - s.matrixFloats);
	const tables = w.tokenSections;
	const table = (start: number) => w.section('tables', start);
	const pass = w.uniform(0);
	const [rope, dx, dy] = [w.shared('rope'), w.shared('dx'), w.shared('dy')];
	const [dMixed, dQkv, delta] = [w.shared('dMixed'), w.shared('dQkv'), w.shared('delta')];
	const tiles = table(tables.tiles);
	const vocabulary = s.isTied ? EMBEDDING : LM_HEAD;
	const strips = (): Grid => [stripCount(s.hidden, sizes.positions), 1, 1];
	const keyTiles = (): Grid => [sizes.tiles, s.kvHeads, 2];

	const layers: Command[] = [];
	for (let layer = s.layers - 1; layer >= 0; layer--) {
		const n = layerNames(layer);
		const own = (name: Parameters<Workspace['layer']>[1]) => w.layer(layer, name);
		const norm = (input: BufferRange, scale: BufferRange, gain: string): Command =>
			command(
				kernels.other.normGradient,
				[input, scale, weights(gain), dy, dx, gainParts(gain), pass],
				strips
			);
		layers.push(
			linear(kernels.linear.downWeightGradient, [dx, own('gateUp'), matrixGradient(n.down), pass]),
			linear(kernels.linear.gateUpGradient, [dx, weights(n.down), own('gateUp'), pass]),
			linear(kernels.linear.gateUpInputGradient, [own('gateUp'), weights(n.gate, n.up), dy, pass]),
			linear(kernels.linear.gateUpWeightGradient, [
				own('gateUp'),
				own('mlpInput'),
				own('mlpScale'),
				weights(n.mlpNorm),
				matrixGradient(n.gate, n.up),
				pass
			]),
			norm(own('mlpInput'), own('mlpScale'), n.mlpNorm),
			linear(kernels.linear.mixedGradient, [dx, weights(n.o), dMixed, pass]),
			linear(kernels.linear.attentionOutWeightGradient, [
				dx,
				own('mixed'),
				matrixGradient(n.o),
				pass
			]),
			command(
				kernels.other.attentionQueryGradient,
				[own('qkv'), own('mixed'), dMixed, own('logSum'), tiles, rope, dQkv, delta],
				() => [sizes.tiles, s.heads, 1]
			),
			command(
				kernels.other.attentionKeyValueGradient,
				[own('qkv'), dMixed, own('logSum'), delta, tiles, rope, dQkv],
				keyTiles
			),
			linear(kernels.linear.qkvInputGradient, [dQkv, weights(n.q, n.v), dy, pass]),
			linear(kernels.linear.qkvWeightGradient, [
				dQkv,
				own('attentionInput'),
				own('attentionScale'),
				weights(n.attentionNorm),
				matrixGradient(n.q, n.v),
				pass
			]),
			norm(own('attentionInput'), own('attentionScale'), n.attentionNorm)
		);
	}

	return {
		parts: Array.from({ length: w.parts }, (_, part) => {
			const positions = () => sizes.parts[part] ?? 0;
			const uniform = w.uniform(part + 1);
			return [
				linear(
					kernels.linear.logitsInputGradient,
					[w.shared('logits'), weights(vocabulary), dy, uniform],
					positions
				),
				linear(
					kernels.linear.logitsWeightGradient,
					[
						w.shared('logits'),
						w.shared('last'),
						w.shared('lastScale'),
						weights(FINAL_NORM),
						matrixGradient(vocabulary),
						uniform
					],
					positions
				)
			];
		}),
		finalNorm: command(
			kernels.other.finalNormGradient,
			[
				w.shared('last'),
				w.shared('lastScale'),
				weights(FINAL_NORM),
				dy,
				dx,
				w.shared('vectorParts'),
				...(context.valueHeads > 0
					? [w.section('coefficients', w.coefficientSections.dValues), weights(SCALAR_HEADS)]
					: []),
				pass
			],
			strips
		),
		layers,
		sumOfParts: command(
			kernels.other.sumOfParts,
			[
				{ buffer: gradients },
				...(split > 1 ? [w.shared('matrixParts')] : []),
				w.shared('vectorParts'),
				pass
			],
			() => linearGrid(reduceGroups(sizes.summed))
		),
		embedding: command(
			kernels.other.embeddingGradient,
			[table(tables.tokens), table(tables.order), dx, parameters.span(gradients, EMBEDDING), pass],
			() => linearGrid(sizes.tokens)
		)
	};
}
