/** One backward call in a shard: activations kept between its two halves, and the gradient sums of its slices. */
import { SCALAR_HEADS } from '../decoder-parameters';
import { backward } from './backward';
import { forward, type Activations } from './forward';
import { addNode } from './gradient-tree';
import { Scope, withScope } from './heap';
import { passShape, predictingPositions, type PassShape } from './pass-shape';
import type { ShardModel } from './shard-model';
import type { GradientNode, PartPlace, PassCoefficients, Rows } from './shard-protocol';
import { headName, nextTokenGradient, scalarGradient } from './vocabulary-head';

interface KeptPart {
	scope: Scope;
	activations: Activations;
}

interface PoolNode {
	low: number;
	high: number;
	address: number;
}

export interface PartGradient {
	rows: Rows;
	temperature: number;
	coefficients: PassCoefficients;
	place: PartPlace;
	start: number;
	end: number;
}

export class GradientSession {
	readonly #model: ShardModel;
	readonly #kept = new Map<number, KeptPart>();
	/** Of finished slices. */
	readonly #nodes: PoolNode[] = [];
	#current: PoolNode | null = null;
	#start = 0;
	#end = 0;

	constructor(model: ShardModel) {
		this.#model = model;
	}

	/** Takes over `scope`. */
	keep(part: number, scope: Scope, activations: Activations): void {
		this.#kept.set(part, { scope, activations });
	}

	/** Adds the gradients of one part to its slice. A part that was not kept is computed again, to the same bits. */
	addPart(g: PartGradient): void {
		const { heap } = this.#model.kernels;
		this.#start = g.start;
		this.#end = g.end;
		const slice = this.#openSlice(g.place.slice);
		const shape = passShape(g.rows);
		const isTrunkWanted = this.#isWanted(headName(this.#model));
		const kept = this.#kept.get(g.place.part) ?? this.#recompute(shape, isTrunkWanted);
		this.#kept.delete(g.place.part);
		try {
			this.#differentiate(shape, kept.activations, g, slice.address, isTrunkWanted);
		} finally {
			kept.scope.free();
		}
		if (g.place.isLastOfSlice) {
			this.#current = null;
			addNode(this.#nodes, slice, g.place.slices, (left, right) => {
				const count = this.#end - this.#start;
				this.#model.kernels.run.addInto(count, left.address, right.address);
				heap.free(right.address);
			});
		}
	}

	/** What the finished slices add up to, as copies. */
	sums(): GradientNode[] {
		const { heap } = this.#model.kernels;
		return this.#nodes.map(({ low, high, address }) => ({
			low,
			high,
			values: heap.floats(address, this.#end - this.#start).slice()
		}));
	}

	free(): void {
		const { heap } = this.#model.kernels;
		for (const { scope } of this.#kept.values()) {
			scope.free();
		}
		this.#kept.clear();
		for (const node of [...this.#nodes.splice(0), ...(this.#current ? [this.#current] : [])]) {
			heap.free(node.address);
		}
		this.#current = null;
	}

	#openSlice(slice: number): PoolNode {
		if (this.#current?.low !== slice) {
			const { heap } = this.#model.kernels;
			const count = this.#end - this.#start;
			this.#current = { low: slice, high: slice + 1, address: heap.alloc(count * 4) };
			heap.floats(this.#current.address, count).fill(0);
		}
		return this.#current;
	}

	#isWanted(name: string): boolean {
		const { offset } = this.#model.layout.slot(name);
		return offset >= this.#start && offset < this.#end;
	}

	#recompute(shape: PassShape, isTrunkWanted: boolean): KeptPart {
		const scope = new Scope(this.#model.kernels.heap);
		try {
			return { scope, activations: forward(this.#model, shape, scope, isTrunkWanted) };
		} catch (cause) {
			scope.free();
			throw cause;
		}
	}

	#differentiate(
		shape: PassShape,
		activations: Activations,
		{ coefficients: c, temperature }: PartGradient,
		pool: number,
		isTrunkWanted: boolean
	): void {
		const model = this.#model;
		const { heap } = model.kernels;
		const gradient = (name: string) => pool + (model.layout.slot(name).offset - this.#start) * 4;
		const size = shape.P * model.config.hiddenSize;
		const { hidden } = activations;
		withScope(heap, (work) => {
			const dHidden = isTrunkWanted ? work.floats(size) : null;
			if (dHidden !== null) {
				heap.floats(dHidden, size).fill(0);
			}
			if (c.dValues) {
				const dWeight = this.#isWanted(SCALAR_HEADS) ? gradient(SCALAR_HEADS) : null;
				scalarGradient(model, SCALAR_HEADS, shape.P, hidden, c.dValues, dHidden, dWeight);
			}
			if (dHidden === null) {
				return;
			}
			if (c.dLogProb || c.dEntropy) {
				const list = chosenPositions(shape, c);
				const dWeight = gradient(headName(model));
				nextTokenGradient(model, hidden, { ...list, temperature, dHidden, dWeight });
			}
			backward(model, shape, activations, dHidden, gradient);
		});
	}
}

/** The positions with a coefficient: prompt tokens, and what a loss masks, cost no logits. */
function chosenPositions(shape: PassShape, { dLogProb, dEntropy }: PassCoefficients) {
	const isChosen = (n: number) => (dLogProb?.[n] ?? 0) !== 0 || (dEntropy?.[n] ?? 0) !== 0;
	const positions = Int32Array.from(predictingPositions(shape).filter(isChosen));
	const pick = (from: Float32Array | null) => Float32Array.from(positions, (n) => from?.[n] ?? 0);
	return {
		positions,
		targets: Int32Array.from(positions, (n) => shape.ids[n + 1] ?? 0),
		dLogProb: pick(dLogProb),
		dEntropy: dEntropy && pick(dEntropy)
	};
}
