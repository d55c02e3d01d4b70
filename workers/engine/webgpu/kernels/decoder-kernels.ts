/** Every kernel of a decoder's passes, compiled together in the background before they are needed. */
import { attention, attentionKeyValueGradient, attentionQueryGradient } from './attention';
import { adamwUpdate, gradientNorm, squareSums } from './adamw';
import type { DecoderShape } from './decoder-shape';
import type { Grid, GpuRuntime } from '../gpu-runtime';
import type { Kernel, KernelSource } from '../kernel';
import { attentionOut, down, gateUp, logits, qkv } from './linear-forward';
import {
	gateUpGradient,
	gateUpInputGradient,
	logitsInputGradient,
	mixedGradient,
	qkvInputGradient
} from './linear-input-gradients';
import { vocabularySplits } from './linear-operands';
import {
	attentionOutWeightGradient,
	downWeightGradient,
	gateUpWeightGradient,
	logitsWeightGradient,
	qkvWeightGradient
} from './linear-weight-gradients';
import { finalNormGradient, normGradient } from './norm';
import { embeddingGradient, embeddingRows, lastRows, scalarHeads, sumOfParts } from './rows';
import type { MatmulChoice } from './tiles';
import { tokenStatistics } from './vocabulary';

/** What the kernels of one model are made for. */
export interface DecoderKernelOptions {
	shape: DecoderShape;
	choice: MatmulChoice;
	valueHeads: number;
	/** Where the final gain and the scalar heads lie in a pool, in floats. */
	finalGainAt: number;
	headsAt: number;
}

function linearKernels({ shape, choice }: DecoderKernelOptions) {
	const { nt, nn } = choice;
	return {
		qkv: qkv(shape, nt),
		attentionOut: attentionOut(shape, nt),
		gateUp: gateUp(shape, nt),
		down: down(shape, nt),
		logits: logits(shape, nt),
		gateUpGradient: gateUpGradient(shape, nn),
		gateUpInputGradient: gateUpInputGradient(shape, nn),
		mixedGradient: mixedGradient(shape, nn),
		qkvInputGradient: qkvInputGradient(shape, nn),
		logitsInputGradient: logitsInputGradient(shape, nn),
		downWeightGradient: downWeightGradient(shape, choice),
		gateUpWeightGradient: gateUpWeightGradient(shape, choice),
		attentionOutWeightGradient: attentionOutWeightGradient(shape, choice),
		qkvWeightGradient: qkvWeightGradient(shape, choice),
		logitsWeightGradient: logitsWeightGradient(shape, choice)
	};
}

function otherKernels({ shape, choice, ...o }: DecoderKernelOptions) {
	return {
		embedding: embeddingRows(shape),
		attention: attention(shape),
		tokenStatistics: tokenStatistics(shape),
		// A model without scalar heads never runs this one.
		scalarHeads: scalarHeads(shape, Math.max(1, o.valueHeads)),
		lastRows: lastRows(shape),
		normGradient: normGradient(shape),
		finalNormGradient: finalNormGradient(shape, {
			valueHeads: o.valueHeads,
			dySplits: vocabularySplits(shape),
			gainAt: o.finalGainAt - shape.matrixFloats,
			headsAt: o.headsAt - shape.matrixFloats
		}),
		attentionQueryGradient: attentionQueryGradient(shape),
		attentionKeyValueGradient: attentionKeyValueGradient(shape),
		sumOfParts: sumOfParts(shape, choice.split),
		embeddingGradient: embeddingGradient(shape),
		squareSums: squareSums(),
		gradientNorm: gradientNorm(),
		adamwUpdate: adamwUpdate()
	};
}

type LinearName = keyof ReturnType<typeof linearKernels>;
type OtherName = keyof ReturnType<typeof otherKernels>;

export interface DecoderKernels {
	readonly linear: Readonly<
		Record<LinearName, { kernel: Kernel; grid: (positions: number) => Grid }>
	>;
	readonly other: Readonly<Record<OtherName, Kernel>>;
}

async function allOf<K extends string, V, W>(
	record: Record<K, V>,
	work: (value: V) => Promise<W>
): Promise<Record<K, W>> {
	const entries = Object.entries(record) as [K, V][]; // its own keys, by construction
	const done = await Promise.all(
		entries.map(async ([key, value]) => [key, await work(value)] as const)
	);
	return Object.fromEntries(done) as Record<K, W>;
}

export async function compileDecoder(
	runtime: GpuRuntime,
	o: DecoderKernelOptions
): Promise<DecoderKernels> {
	const compile = (source: KernelSource) => runtime.kernels.get(source);
	const [linear, other] = await Promise.all([
		allOf(linearKernels(o), async (linear) => ({
			kernel: await compile(linear.source),
			grid: (positions: number) => linear.grid(positions)
		})),
		allOf(otherKernels(o), compile)
	]);
	return { linear, other };
}
