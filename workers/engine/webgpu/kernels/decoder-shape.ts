/** The sizes of a decoder as its kernels see them. Models with equal shapes share kernels and workspace. */
import type { ModelConfig } from '../../../../src/core/formats/model-config';
import { layerNames } from '../../decoder-parameters';
import type { ParameterLayout } from '../../parameter-layout';

export interface DecoderShape {
	readonly hidden: number;
	readonly intermediate: number;
	readonly layers: number;
	readonly heads: number;
	readonly kvHeads: number;
	readonly headDim: number;
	readonly vocab: number;
	readonly eps: number;
	readonly theta: number;
	/** Columns of all query heads, of all key heads, and of queries, keys and values together. */
	readonly queryColumns: number;
	readonly keyColumns: number;
	readonly qkvColumns: number;
	/** Floats of padding in the pools before the first row of k, of v and of up: they follow q, k and gate. */
	readonly gaps: { readonly k: number; readonly v: number; readonly up: number };
	/** Floats of a pool that hold the trunk's matrices; vectors and heads come after. */
	readonly matrixFloats: number;
	/** The vocabulary head's own matrix comes last of those; 0 where it is the embedding. */
	readonly isTied: boolean;
}

export function decoderShape(c: ModelConfig, layout: ParameterLayout): DecoderShape {
	const n = layerNames(0);
	const gap = (before: string, after: string) => {
		const { offset, size } = layout.slot(before);
		return layout.slot(after).offset - offset - size;
	};
	const queryColumns = c.heads * c.headDim;
	const keyColumns = c.kvHeads * c.headDim;
	return {
		hidden: c.hiddenSize,
		intermediate: c.intermediateSize,
		layers: c.layers,
		heads: c.heads,
		kvHeads: c.kvHeads,
		headDim: c.headDim,
		vocab: c.vocabSize,
		eps: c.rmsNormEps,
		theta: c.ropeTheta,
		queryColumns,
		keyColumns,
		qkvColumns: queryColumns + 2 * keyColumns,
		gaps: { k: gap(n.q, n.k), v: gap(n.k, n.v), up: gap(n.gate, n.up) },
		matrixFloats: layout.ranges[0]?.end ?? 0,
		isTied: c.tiedEmbeddings
	};
}

/** Equal for models that can share kernels and workspace. */
export const shapeKey = (shape: DecoderShape): string => JSON.stringify(shape);
