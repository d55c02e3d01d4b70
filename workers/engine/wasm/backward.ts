/** The decoder's backward pass: from gradients by the last hidden states to gradients by every weight of the trunk. */
import { EMBEDDING, FINAL_NORM, layerNames, type LayerNames } from '../decoder-parameters';
import type { Activations, LayerState } from './forward';
import { withScope, type Scope } from './heap';
import {
	inputGradient,
	inputPanels,
	weightGradientOf,
	type OutputGradient
} from './linear-gradient';
import type { PassShape } from './pass-shape';
import type { ShardModel } from './shard-model';

/** Address of the accumulator of a parameter. */
export type GradientAddress = (name: string) => number;

/** Floats of scratch for each position, besides the activations. */
export function backwardFloats(model: Pick<ShardModel, 'config'>): number {
	const c = model.config;
	const widest = Math.max(c.intermediateSize, (c.heads + 2 * c.kvHeads) * c.headDim, c.hiddenSize);
	// dx, dh, the recomputed norm, its panels, d(act) or d(attention) and a transpose.
	return 4 * (c.hiddenSize + 8) + 3 * (widest + 8);
}

/**
 * Adds the trunk's gradients, embedding included. `dHidden` [P,d] is by the normalised states, and is destroyed, as are the kept
 * activations.
 */
export function backward(
	model: ShardModel,
	shape: PassShape,
	activations: Activations,
	dHidden: number,
	gradient: GradientAddress
): void {
	const { run, heap } = model.kernels;
	const { P } = shape;
	const d = model.config.hiddenSize;
	withScope(heap, (work) => {
		const dx = work.floats(P * d);
		heap.floats(dx, P * d).fill(0);
		const { x, scale } = activations;
		const finalGain = model.weight(FINAL_NORM);
		run.rmsNormGradient(P, d, x, finalGain, scale, dHidden, dx, gradient(FINAL_NORM));
		// The gradient by the states has been used up: its place is scratch from here on.
		const pass = new BackwardPass(model, shape, work, dx, dHidden, gradient);
		for (let layer = activations.layers.length - 1; layer >= 0; layer--) {
			const state = activations.layers[layer];
			if (state) {
				pass.feedForward(state, layerNames(layer));
				pass.attention(state, layerNames(layer));
			}
		}
		run.scatterAddRows(P, d, dx, work.ints(shape.ids), gradient(EMBEDDING));
	});
}

class BackwardPass {
	readonly #model: ShardModel;
	readonly #shape: PassShape;
	readonly #gradient: GradientAddress;
	/** [P,d]: gradient by the residual stream, from the last layer to the first. */
	readonly #dx: number;
	/** [P,d]: gradient by a norm's output. */
	readonly #dh: number;
	/** [P,d]: a norm's output, computed again, and its panels. */
	readonly #h: number;
	readonly #panels: number;
	readonly #places: number;

	constructor(
		model: ShardModel,
		shape: PassShape,
		scope: Scope,
		dx: number,
		dh: number,
		gradient: GradientAddress
	) {
		const c = model.config;
		const widest = Math.max(c.hiddenSize, c.intermediateSize, c.heads * c.headDim);
		this.#model = model;
		this.#shape = shape;
		this.#gradient = gradient;
		this.#dx = dx;
		this.#dh = dh;
		this.#h = scope.floats(shape.P * c.hiddenSize);
		this.#panels = scope.floats(shape.P * Math.ceil(widest / 8) * 8);
		this.#places = scope.ints(shape.places);
	}

	/** x_out = middle + down(silu(gate(h)) up(h)), h = norm(middle). */
	feedForward(s: LayerState, n: LayerNames): void {
		const { run, heap } = this.#model.kernels;
		const { hiddenSize: d, intermediateSize: F } = this.#model.config;
		const { P } = this.#shape;
		withScope(heap, (work) => {
			const act = work.floats(P * F);
			const byOutput = this.#product(this.#dx, d, F);
			this.#byInput(byOutput, n.down, act, 0);
			// gate, up and d(act) become d(gate), d(up) and act.
			run.swiGluGradient(P * F, s.gate, s.up, act);
			this.#byWeights(act, F, [[n.down, byOutput]]);
			run.applyNorm(P, d, s.middle, this.#model.weight(n.mlpNorm), s.mlpScale, this.#h);
			const byGate = this.#product(s.gate, F, d);
			const byUp = this.#product(s.up, F, d);
			this.#byWeights(this.#h, d, [
				[n.gate, byGate],
				[n.up, byUp]
			]);
			this.#byInput(byGate, n.gate, this.#dh, 0);
			this.#byInput(byUp, n.up, this.#dh, 1);
		});
		this.#throughNorm(s.middle, s.mlpScale, n.mlpNorm);
	}

	/** middle = x + o(attention(q(h), k(h), v(h))), h = norm(x). */
	attention(s: LayerState, n: LayerNames): void {
		const { run, heap } = this.#model.kernels;
		const c = this.#model.config;
		const { P } = this.#shape;
		const d = c.hiddenSize;
		const [wide, narrow] = [c.heads * c.headDim, c.kvHeads * c.headDim];
		withScope(heap, (work) => {
			const dMixed = work.floats(P * wide);
			const [dq, dk, dv] = [
				work.floats(P * wide),
				work.floats(P * narrow),
				work.floats(P * narrow)
			];
			const byOutput = this.#product(this.#dx, d, wide);
			this.#byInput(byOutput, n.o, dMixed, 0);
			this.#byWeights(s.mixed, wide, [[n.o, byOutput]]);
			this.#throughAttention(s, dMixed, dq, dk, dv);
			const { cos, sin } = this.#model.rotary(this.#shape.longest);
			run.rotate(P, c.heads, c.headDim, dq, this.#places, cos, sin, -1);
			run.rotate(P, c.kvHeads, c.headDim, dk, this.#places, cos, sin, -1);
			run.applyNorm(P, d, s.x, this.#model.weight(n.attentionNorm), s.attentionScale, this.#h);
			const products = [
				[n.q, this.#product(dq, wide, d)],
				[n.k, this.#product(dk, narrow, d)],
				[n.v, this.#product(dv, narrow, d)]
			] as const;
			this.#byWeights(this.#h, d, products);
			products.forEach(([name, product], i) =>
				this.#byInput(product, name, this.#dh, Number(i > 0))
			);
		});
		this.#throughNorm(s.x, s.attentionScale, n.attentionNorm);
	}

	#product(dy: number, out: number, width: number): OutputGradient {
		return { rows: this.#shape.P, out, width, dy, ldy: out * 4 };
	}

	#byInput(product: OutputGradient, name: string, to: number, add: number): void {
		inputGradient(this.#model.kernels, product, this.#model.weight(name), to, add);
	}

	/** Gradients of all weights that read the same x [P,width]. */
	#byWeights(
		x: number,
		width: number,
		products: readonly (readonly [string, OutputGradient])[]
	): void {
		const { kernels } = this.#model;
		inputPanels(kernels, this.#shape.P, width, x, this.#panels);
		for (const [name, product] of products) {
			weightGradientOf(kernels, product, this.#panels, this.#gradient(name));
		}
	}

	#throughNorm(x: number, scale: number, name: string): void {
		const { run } = this.#model.kernels;
		const gain = this.#model.weight(name);
		run.rmsNormGradient(
			...([this.#shape.P, this.#model.config.hiddenSize, x, gain, scale] as const),
			...([this.#dh, this.#dx, this.#gradient(name)] as const)
		);
	}

	#throughAttention(s: LayerState, dMixed: number, dq: number, dk: number, dv: number): void {
		const { run, heap } = this.#model.kernels;
		const { heads, kvHeads, headDim: hd } = this.#model.config;
		const [ldq, ldk] = [heads * hd * 4, kvHeads * hd * 4];
		const { P, lengths, starts, longest } = this.#shape;
		withScope(heap, (work) => {
			const scratch = work.floats(run.attendGradientScratch(longest, hd));
			lengths.forEach((T, row) => {
				const start = starts[row] ?? 0;
				for (let h = 0; h < heads; h++) {
					const group = Math.floor((h * kvHeads) / heads);
					const isFirst = h === (group * heads) / kvHeads;
					const q = start * ldq + h * hd * 4;
					const k = start * ldk + group * hd * 4;
					run.attendGradient(
						...([T, hd, s.q + q, ldq, s.k + k, s.v + k, ldk] as const),
						...([s.mixed + q, dMixed + q, ldq, s.lse + (h * P + start) * 4] as const),
						...([1 / Math.sqrt(hd), dq + q, ldq, dk + k, dv + k, ldk] as const),
						...([Number(!isFirst), scratch] as const)
					);
				}
			});
		});
	}
}
