/** The command list of a forward pass: ids to hidden states, and from there to what was asked for. */
import { EMBEDDING, FINAL_NORM, LM_HEAD, SCALAR_HEADS, layerNames } from '../../decoder-parameters';
import type { BufferRange, Command } from '../gpu-runtime';
import { rowGroups } from '../kernels/rows';
import { linearGrid } from '../kernels/wgsl';
import { makers, type CommandContext } from './command-context';
import type { Workspace } from './workspace';
import type { LayerBuffer } from './workspace-plan';

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
		const own = (name: LayerBuffer) => w.layer(layer, name);
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
