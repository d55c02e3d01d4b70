/** The few numbers that differ from pass to pass; everything else is baked into the kernels. */

export interface PassNumbers {
	/** Positions of the pass. */
	positions: number;
	/** The first of those at work in this part of the vocabulary head, and their number; 0 and all elsewhere. */
	first: number;
	count: number;
	/** 1/temperature. */
	inverseTemperature: number;
	/** Make the gradient by the logits in place. */
	hasLogitGradient: boolean;
	/** The vocabulary head has left its share of the gradient by the last hidden state. */
	hasVocabulary: boolean;
	/** The scalar heads send a gradient. */
	hasValues: boolean;
	/** Rows whose last state is gathered. */
	rows: number;
	/** Different tokens. */
	tokens: number;
	/** Normalise gathered rows. */
	isNormalised: boolean;
	/** Floats from one strip of vector parts to the next. */
	vectorStride: number;
	/** Groups of four floats of the pool whose partial gradients are summed: of matrices, and of vectors and heads. */
	matrices: readonly [begin: number, end: number];
	vectors: readonly [begin: number, end: number];
}

export const PASS_STRUCT = `struct Pass {
	positions: u32, first: u32, count: u32, inverseTemperature: f32,
	hasLogitGradient: u32, hasVocabulary: u32, hasValues: u32, rows: u32,
	tokens: u32, isNormalised: u32, vectorStride: u32, matrixBegin: u32,
	matrixEnd: u32, vectorBegin: u32, vectorEnd: u32
}`;

export const PASS_BYTES = 64;

/** Writes the struct at a byte offset. */
export function writePass(view: DataView, offset: number, p: PassNumbers): void {
	const words = [
		p.positions,
		p.first,
		p.count,
		0,
		Number(p.hasLogitGradient),
		Number(p.hasVocabulary),
		Number(p.hasValues),
		p.rows,
		p.tokens,
		Number(p.isNormalised),
		p.vectorStride,
		...p.matrices,
		...p.vectors
	];
	words.forEach((word, i) => view.setUint32(offset + 4 * i, word, true));
	view.setFloat32(offset + 12, p.inverseTemperature, true);
}
