/**
 * The compiled kernels as TypeScript sees them; the sources in kernels/ say what each does. Addresses and strides (`ld…`) are in bytes,
 * counts in numbers; floats are float32 unless a kernel says otherwise.
 */
export interface KernelExports {
	/** C[M,N] = A[M,K] B, or += with `add`; B in panels of eight columns, [N/8][panelK][8]. */
	gemm(
		M: number,
		N: number,
		K: number,
		a: number,
		lda: number,
		b: number,
		panelK: number,
		c: number,
		ldc: number,
		add: number
	): void;
	/** Panels of the transpose of a row-major [N,K] matrix. */
	packRows(N: number, K: number, from: number, lds: number, to: number): void;
	/** Panels of a row-major [K,N] matrix. */
	packColumns(K: number, N: number, from: number, lds: number, to: number, panelK: number): void;
	transpose(
		rows: number,
		columns: number,
		from: number,
		lds: number,
		to: number,
		ldd: number
	): void;
	rmsNorm(
		rows: number,
		d: number,
		x: number,
		gain: number,
		eps: number,
		y: number,
		scales: number
	): void;
	applyNorm(rows: number, d: number, x: number, gain: number, scales: number, y: number): void;
	/** Adds to dx and dGain. */
	rmsNormGradient(
		rows: number,
		d: number,
		x: number,
		gain: number,
		scales: number,
		dy: number,
		dx: number,
		dGain: number
	): void;
	/** In place; direction 1 or, for the gradient, -1. */
	rotate(
		rows: number,
		heads: number,
		headDim: number,
		x: number,
		positions: number,
		cos: number,
		sin: number,
		direction: number
	): void;
	swiGlu(n: number, gate: number, up: number, out: number): void;
	/** In place: gate, up, d(out) become d(gate), d(up), out. */
	swiGluGradient(n: number, gate: number, up: number, dOut: number): void;
	gatherRows(count: number, d: number, from: number, rows: number, to: number): void;
	scatterAddRows(count: number, d: number, from: number, rows: number, to: number): void;
	addInto(n: number, to: number, from: number): void;
	sumSquares(n: number, x: number): number;
	attend(
		T: number,
		headDim: number,
		q: number,
		ldq: number,
		kPanels: number,
		vPanels: number,
		panelK: number,
		o: number,
		ldo: number,
		lse: number,
		scale: number,
		scratch: number
	): void;
	/** Floats. */
	attendGradientScratch(T: number, headDim: number): number;
	attendGradient(
		T: number,
		headDim: number,
		q: number,
		ldq: number,
		k: number,
		v: number,
		ldk: number,
		o: number,
		dO: number,
		ldo: number,
		lse: number,
		scale: number,
		dQ: number,
		ldDq: number,
		dK: number,
		dV: number,
		ldDk: number,
		add: number,
		scratch: number
	): void;
	appendToCache(
		rows: number,
		kvHeads: number,
		headDim: number,
		k: number,
		v: number,
		slots: number,
		positions: number,
		keys: number,
		values: number,
		capacity: number
	): void;
	attendCache(
		rows: number,
		heads: number,
		kvHeads: number,
		headDim: number,
		q: number,
		slots: number,
		positions: number,
		keys: number,
		values: number,
		capacity: number,
		o: number,
		scale: number,
		scratch: number
	): void;
	/** logProb and entropy are float64. */
	tokenStatistics(
		rows: number,
		V: number,
		z: number,
		ld: number,
		targets: number,
		inverseTemperature: number,
		logProb: number,
		entropy: number
	): void;
	/** In place; dEntropy 0: none. */
	tokenGradient(
		rows: number,
		V: number,
		z: number,
		ld: number,
		targets: number,
		inverseTemperature: number,
		dLogProb: number,
		dEntropy: number
	): void;
	/** uniforms, logProb and masses are float64. The first row that is not finite, or -1. */
	drawTokens(
		rows: number,
		V: number,
		z: number,
		ld: number,
		inverseTemperature: number,
		uniforms: number,
		ids: number,
		logProb: number,
		masses: number
	): number;
	largestTokens(rows: number, V: number, z: number, ld: number, ids: number): number;
	adamw(
		n: number,
		w: number,
		g: number,
		m: number,
		v: number,
		gradScale: number,
		beta1: number,
		beta2: number,
		stepSize: number,
		rootCorrection: number,
		eps: number,
		keep: number
	): void;
	/** Address up to which the kernels keep their own constants. */
	constantsEnd(): number;
}
