/**
 * The weights of a model on the host: float32 values, gradient accumulators and AdamW moments, by Hugging Face name.
 * Every backend shares this one copy and one optimiser, so a checkpoint is the same bytes whatever computed it; engines upload
 * `values` and add to `grad`.
 */
import { adamwUpdate, clipFactor, globalNorm } from '../../src/core/methods/adamw';
import { StudioError } from '../../src/protocol/errors';
import type { NamedTensor, ParameterGroup, StepOptions } from './language-model';
import { GROUPS, MOMENT_1, MOMENT_2, readSaved, savedSteps } from './saved-tensors';

export interface ParameterValues {
	readonly name: string;
	readonly shape: readonly number[];
	readonly group: ParameterGroup;
	values: Float32Array;
}

export interface Parameter extends ParameterValues {
	/** Allocated on the first backward pass; a model that is only read holds weights alone. */
	grad: Float32Array | null;
	m: Float32Array | null;
	v: Float32Array | null;
}

export class Parameters {
	readonly #byName = new Map<string, Parameter>();
	/**
	 * Optimiser steps that each group has taken. Integers, from which bias correction is computed in float64; one count for all
	 * would shrink the first steps of a group that was frozen while another learned.
	 */
	readonly #steps: Record<ParameterGroup, number> = { trunk: 0, heads: 0 };

	constructor(list: readonly ParameterValues[]) {
		for (const p of list) {
			this.#byName.set(p.name, { ...p, grad: null, m: null, v: null });
		}
	}

	/** Numbers in all tensors. */
	get count(): number {
		let count = 0;
		for (const p of this) {
			count += p.values.length;
		}
		return count;
	}

	get bytes(): number {
		let bytes = 0;
		for (const p of this) {
			bytes += p.values.byteLength * (1 + Number(p.grad !== null) + 2 * Number(p.m !== null));
		}
		return bytes;
	}

	[Symbol.iterator](): IterableIterator<Parameter> {
		return this.#byName.values();
	}

	get(name: string): Parameter {
		const parameter = this.#byName.get(name);
		if (!parameter) {
			throw new StudioError('internal', `No parameter named ${name}`);
		}
		return parameter;
	}

	/** Add `values` to a parameter's gradient. */
	accumulate(name: string, values: ArrayLike<number>): void {
		const p = this.get(name);
		p.grad ??= new Float32Array(p.values.length);
		const { grad } = p;
		for (let i = 0; i < grad.length; i++) {
			grad[i] = (grad[i] ?? 0) + (values[i] ?? 0);
		}
	}

	zeroGrad(): void {
		for (const p of this) {
			p.grad?.fill(0);
		}
	}

	/** See LanguageModel.step. Returns the names whose values changed. */
	update(o: StepOptions): { gradNorm: number; changed: string[] } {
		const active = [...this].filter((p) => p.grad !== null && o.lr[p.group] !== undefined);
		const gradNorm = globalNorm(active.map((p) => p.grad ?? new Float32Array()));
		if (!Number.isFinite(gradNorm)) {
			this.zeroGrad();
			throw new StudioError(
				'not-finite',
				'A gradient is not finite; the weights were left as they were.',
				{
					detail: { gradNorm }
				}
			);
		}
		const gradScale = clipFactor(gradNorm, o.clipNorm);
		for (const group of GROUPS) {
			this.#steps[group] += Number(active.some((p) => p.group === group));
		}
		for (const p of active) {
			const { grad } = p;
			if (grad === null) {
				continue;
			}
			p.m ??= new Float32Array(p.values.length);
			p.v ??= new Float32Array(p.values.length);
			adamwUpdate({
				param: p.values,
				grad,
				m: p.m,
				v: p.v,
				step: this.#steps[p.group],
				gradScale,
				lr: o.lr[p.group] ?? 0,
				weightDecay: p.shape.length > 1 ? o.weightDecay : 0
			});
		}
		this.zeroGrad();
		return { gradNorm, changed: active.map((p) => p.name) };
	}

	clone(): Parameters {
		return new Parameters([...this].map((p) => ({ ...p, values: p.values.slice() })));
	}

	*save(withOptimizer: boolean): Generator<NamedTensor> {
		for (const p of this) {
			yield { name: p.name, shape: p.shape, data: p.values };
		}
		if (!withOptimizer) {
			return;
		}
		for (const p of this) {
			if (p.m && p.v) {
				yield { name: MOMENT_1 + p.name, shape: p.shape, data: p.m };
				yield { name: MOMENT_2 + p.name, shape: p.shape, data: p.v };
			}
		}
		yield* savedSteps(this.#steps);
	}

	/** All weights must be there, with their shapes; moments are optional and start at zero. Nothing changes unless all is well. */
	async load(tensors: AsyncIterable<NamedTensor> | Iterable<NamedTensor>): Promise<void> {
		const saved = await readSaved(this, tensors);
		for (const p of this) {
			const found = saved.parameters.get(p.name);
			p.values = found?.values.slice() ?? p.values;
			p.m = found?.m?.slice() ?? null;
			p.v = found?.v?.slice() ?? null;
			p.grad?.fill(0);
		}
		for (const group of GROUPS) {
			this.#steps[group] = saved.steps[group];
		}
	}
}
