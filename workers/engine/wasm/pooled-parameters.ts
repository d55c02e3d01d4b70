/**
 * The weights of a model on the trainer's side: one pool each for values, gradients and moments in a WebAssembly memory, where SIMD
 * kernels sum gradients, take the norm and apply AdamW. Behaves as Parameters (parameters.ts) does, by parameter.
 */
import { ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON, clipFactor } from '../../../src/core/methods/adamw';
import { StudioError } from '../../../src/protocol/errors';
import type { NamedTensor, StepOptions } from '../language-model';
import { layoutOf, type ParameterLayout, type Slot } from '../parameter-layout';
import {
	GROUPS,
	MOMENT_1,
	MOMENT_2,
	readSaved,
	savedSteps,
	type StepCounts
} from '../saved-tensors';
import { addNode } from './gradient-tree';
import type { Kernels } from './kernels';
import type { GradientNode, ParameterShape } from './shard-protocol';

interface InitialValues extends ParameterShape {
	values: Float32Array;
}

export class PooledParameters {
	readonly #kernels: Kernels;
	readonly layout: ParameterLayout;
	/** In the order they were given, which is the order of a saved model. */
	readonly parameters: readonly ParameterShape[];
	readonly #weights: number;
	#gradients: number | null = null;
	#moments: { m: number; v: number } | null = null;
	/** Parameters that a backward pass has reached: the others are left alone by a step. */
	readonly #reached = new Set<string>();
	/** Parameters that a step has moved, and so have moments. */
	readonly #moved = new Set<string>();
	readonly #steps: StepCounts = { trunk: 0, heads: 0 };
	#isClear = true;
	#version = 1;

	constructor(kernels: Kernels, list: readonly InitialValues[]) {
		this.#kernels = kernels;
		this.parameters = list.map(({ name, shape, group }) => ({ name, shape, group }));
		this.layout = layoutOf(this.parameters);
		this.#weights = this.#newPool();
		for (const { name, values } of list) {
			this.#view(this.#weights, this.layout.slot(name)).set(values);
		}
	}

	/** Changes with the weights. */
	get version(): number {
		return this.#version;
	}

	/** Numbers in all tensors. */
	get count(): number {
		return this.layout.slots.reduce((sum, { size }) => sum + size, 0);
	}

	get bytes(): number {
		const pools = 1 + Number(this.#gradients !== null) + 2 * Number(this.#moments !== null);
		return pools * this.layout.length * 4;
	}

	/** A copy of the whole pool, for a shard. */
	weights(): Float32Array<ArrayBuffer> {
		return this.#kernels.heap.floats(this.#weights, this.layout.length).slice();
	}

	/** Adds the root of the tree over `slices` to the gradients from `start` of the pool on, and marks `reached` as having some. */
	addGradients(
		nodes: readonly GradientNode[],
		slices: number,
		start: number,
		reached: readonly string[]
	): void {
		const { run, heap } = this.#kernels;
		if (this.#gradients === null) {
			this.#gradients = this.#newPool();
		}
		const to = this.#gradients + start * 4;
		const tree: { low: number; high: number; address: number; count: number }[] = [];
		try {
			for (const { low, high, values } of nodes) {
				const node = { low, high, address: heap.alloc(values.byteLength), count: values.length };
				heap.floats(node.address, values.length).set(values);
				addNode(tree, node, slices, (left, right) => {
					run.addInto(left.count, left.address, right.address);
					heap.free(right.address);
				});
			}
			for (const { address, count } of tree) {
				run.addInto(count, to, address);
			}
		} finally {
			tree.forEach(({ address }) => heap.free(address));
		}
		reached.forEach((name) => this.#reached.add(name));
		this.#isClear = false;
	}

	zeroGrad(): void {
		if (this.#gradients !== null && !this.#isClear) {
			this.#kernels.heap.floats(this.#gradients, this.layout.length).fill(0);
		}
		this.#isClear = true;
	}

	/** See LanguageModel.step. */
	update(o: StepOptions): { gradNorm: number } {
		const { run } = this.#kernels;
		const active = this.layout.slots.filter(
			({ name, group }) => this.#reached.has(name) && o.lr[group] !== undefined
		);
		const gradients = this.#gradients ?? 0;
		const squares = active.map(({ offset, size }) => run.sumSquares(size, gradients + offset * 4));
		const gradNorm = Math.sqrt(squares.reduce((sum, x) => sum + x, 0));
		if (!Number.isFinite(gradNorm)) {
			this.zeroGrad();
			throw new StudioError(
				'not-finite',
				'A gradient is not finite; the weights were left as they were.',
				{ detail: { gradNorm } }
			);
		}
		if (active.length > 0) {
			this.#moments ??= { m: this.#newPool(), v: this.#newPool() };
		}
		const gradScale = clipFactor(gradNorm, o.clipNorm);
		for (const group of GROUPS) {
			this.#steps[group] += Number(active.some((slot) => slot.group === group));
		}
		for (const slot of active) {
			this.#adamw(slot, o.lr[slot.group] ?? 0, gradScale, o.weightDecay);
			this.#moved.add(slot.name);
		}
		this.zeroGrad();
		this.#version++;
		return { gradNorm };
	}

	/** Same values, own pool; no gradients or moments. */
	clone(): PooledParameters {
		const { heap } = this.#kernels;
		return new PooledParameters(
			this.#kernels,
			this.parameters.map((p) => {
				const { offset, size } = this.layout.slot(p.name);
				return { ...p, values: heap.floats(this.#weights + offset * 4, size).slice() };
			})
		);
	}

	/** Copies, in the order the parameters were given. */
	*save(withOptimizer: boolean): Generator<NamedTensor> {
		const copy = (pool: number, name: string) => this.#view(pool, this.layout.slot(name)).slice();
		for (const { name, shape } of this.parameters) {
			yield { name, shape, data: copy(this.#weights, name) };
		}
		if (!withOptimizer) {
			return;
		}
		for (const { name, shape } of this.parameters) {
			if (this.#moments && this.#moved.has(name)) {
				yield { name: MOMENT_1 + name, shape, data: copy(this.#moments.m, name) };
				yield { name: MOMENT_2 + name, shape, data: copy(this.#moments.v, name) };
			}
		}
		yield* savedSteps(this.#steps);
	}

	/** See Parameters.load: nothing changes unless all is well. */
	async load(tensors: AsyncIterable<NamedTensor> | Iterable<NamedTensor>): Promise<void> {
		const saved = await readSaved(this.parameters, tensors);
		const hasMoments = [...saved.parameters.values()].some(({ m }) => m !== null);
		if (hasMoments) {
			this.#moments ??= { m: this.#newPool(), v: this.#newPool() };
		}
		this.#moved.clear();
		for (const [name, { values, m, v }] of saved.parameters) {
			const slot = this.layout.slot(name);
			this.#view(this.#weights, slot).set(values);
			if (this.#moments) {
				this.#put(this.#moments.m, slot, m);
				this.#put(this.#moments.v, slot, v);
			}
			if (m && v) {
				this.#moved.add(name);
			}
		}
		for (const group of GROUPS) {
			this.#steps[group] = saved.steps[group];
		}
		this.zeroGrad();
		this.#version++;
	}

	free(): void {
		const { heap } = this.#kernels;
		const pools = [this.#weights, this.#gradients, this.#moments?.m, this.#moments?.v];
		pools.forEach((pool) => {
			if (typeof pool === 'number') {
				heap.free(pool);
			}
		});
		this.#gradients = null;
		this.#moments = null;
	}

	#adamw(slot: Slot, lr: number, gradScale: number, weightDecay: number): void {
		const moments = this.#moments;
		if (!moments) {
			return;
		}
		const step = this.#steps[slot.group];
		const at = slot.offset * 4;
		this.#kernels.run.adamw(
			...([slot.size, this.#weights + at, (this.#gradients ?? 0) + at] as const),
			...([moments.m + at, moments.v + at, gradScale, ADAM_BETA1, ADAM_BETA2] as const),
			...([lr / (1 - ADAM_BETA1 ** step), 1 / Math.sqrt(1 - ADAM_BETA2 ** step)] as const),
			...([ADAM_EPSILON, 1 - lr * (slot.decays ? weightDecay : 0)] as const)
		);
	}

	#newPool(): number {
		const { heap } = this.#kernels;
		const address = heap.alloc(this.layout.length * 4);
		heap.floats(address, this.layout.length).fill(0);
		return address;
	}

	#view(pool: number, { offset, size }: Slot): Float32Array {
		return this.#kernels.heap.floats(pool + offset * 4, size);
	}

	#put(pool: number, slot: Slot, values: Float32Array | null): void {
		const view = this.#view(pool, slot);
		if (values) {
			view.set(values);
		} else {
			view.fill(0);
		}
	}
}
