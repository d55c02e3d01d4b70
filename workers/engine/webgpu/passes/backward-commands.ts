/** The command list of a backward pass: gradients by the outputs to gradients by all weights. */
import { EMBEDDING, FINAL_NORM, LM_HEAD, SCALAR_HEADS, layerNames } from '../../decoder-parameters';
import type { BufferRange, Command, Grid } from '../gpu-runtime';
import { stripCount } from '../kernels/norm';
import { reduceGroups } from '../kernels/rows';
import { linearGrid } from '../kernels/wgsl';
import { makers, type CommandContext } from './command-context';
import type { LayerBuffer } from './workspace-plan';

export interface BackwardCommands {
	/** By part of the vocabulary head: gradients by the last states and by the head's weights. */
	parts: readonly (readonly Command[])[];
	finalNorm: Command;
	/** From the last layer to the first. */
	layers: readonly Command[];
	sumOfParts: Command;
	embedding: Command;
}

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
		const own = (name: LayerBuffer) => w.layer(layer, name);
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
