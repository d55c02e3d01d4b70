/** The numbers of a pass, from its sizes and from which way gradients flow in it. */
import { EMBEDDING, LM_HEAD } from '../../decoder-parameters';
import type { ParameterLayout } from '../../parameter-layout';
import type { DecoderShape } from '../kernels/decoder-shape';
import type { PassNumbers } from '../kernels/pass-uniform';
import type { PassSizes } from './command-context';

/** What flows where, given the coefficients and the groups that learn. */
export interface GradientFlow {
	/** Through the vocabulary head. */
	vocabulary: boolean;
	/** From the scalar heads. */
	values: boolean;
	/** Into the trunk's weights. */
	trunk: boolean;
	/** Into the scalar heads' weights. */
	heads: boolean;
}

const NO_FLOW: GradientFlow = { vocabulary: false, values: false, trunk: false, heads: false };

export interface PassSettings {
	temperature: number;
	/** Default: none. */
	flow?: GradientFlow;
	/** Normalise gathered rows. */
	isNormalised?: boolean;
	/** Rows that the vocabulary head is run on; default all positions. */
	headRows?: number;
}

interface Surroundings {
	sizes: Pick<PassSizes, 'positions' | 'rows' | 'tokens'>;
	shape: DecoderShape;
	layout: ParameterLayout;
	split: number;
	partPositions: number;
	vectorStride: number;
}

/** Of the whole pass, of each part of the vocabulary head, and how many floats of the pool are summed up at its end. */
export function passNumbers(o: PassSettings & Surroundings): {
	whole: PassNumbers;
	parts: PassNumbers[];
	summed: number;
} {
	const { positions, rows, tokens } = o.sizes;
	const flow = o.flow ?? NO_FLOW;
	const headRows = o.headRows ?? positions;
	const matrices = summedMatrices(o, flow);
	const vectors = summedVectors(o, flow);
	const whole: PassNumbers = {
		positions,
		first: 0,
		count: positions,
		inverseTemperature: 1 / o.temperature,
		hasLogitGradient: flow.vocabulary,
		hasVocabulary: flow.vocabulary,
		hasValues: flow.values,
		rows,
		tokens,
		isNormalised: o.isNormalised ?? false,
		vectorStride: o.vectorStride,
		matrices: [matrices[0] / 4, matrices[1] / 4],
		vectors: [vectors[0] / 4, vectors[1] / 4]
	};
	const parts = Array.from({ length: Math.ceil(headRows / o.partPositions) }, (_, part) => {
		const first = part * o.partPositions;
		return { ...whole, first, count: Math.min(o.partPositions, headRows - first) };
	});
	return { whole, parts, summed: matrices[1] - matrices[0] + vectors[1] - vectors[0] };
}

/** Matrices whose gradients were left in parts: all, but for embeddings and vocabulary heads that no product has touched. */
function summedMatrices(
	{ shape, layout, split }: Surroundings,
	flow: GradientFlow
): readonly [number, number] {
	if (!flow.trunk || split === 1) {
		return [0, 0];
	}
	const { matrixFloats, isTied } = shape;
	const isHeadTouched = flow.vocabulary;
	const afterEmbedding = layout.slots[layout.slots.indexOf(layout.slot(EMBEDDING)) + 1]?.offset;
	return [
		isTied && isHeadTouched ? 0 : (afterEmbedding ?? 0),
		isTied || isHeadTouched ? matrixFloats : layout.slot(LM_HEAD).offset
	];
}

/** Gains and heads; not the padding after the heads, where a model with more of them may have left something. */
function summedVectors(
	{ shape, layout }: Surroundings,
	flow: GradientFlow
): readonly [number, number] {
	const heads = layout.slots.find(({ group }) => group === 'heads');
	const begin = heads?.offset ?? layout.length;
	return [
		flow.trunk ? shape.matrixFloats : begin,
		flow.heads && heads ? begin + Math.ceil(heads.size / 4) * 4 : begin
	];
}
