/** AdamW on the device: three kernels for all tensors. Which tensors learn, and how often they have, is kept here. */
import { ADAM_BETA1, ADAM_BETA2 } from '../../../src/core/methods/adamw';
import { StudioError } from '../../../src/protocol/errors';
import type { StepOptions } from '../language-model';
import type { ParameterLayout } from '../parameter-layout';
import { GROUPS, type StepCounts } from '../saved-tensors';
import {
	MOST_RANGES,
	NORM_GROUPS,
	UPDATE_BYTES,
	normGroups,
	updateGroups,
	writeUpdate,
	type UpdateRange
} from './kernels/adamw';
import type { DecoderKernels } from './kernels/decoder-kernels';
import type { GpuParameters } from './gpu-parameters';
import type { Command, GpuRuntime } from './gpu-runtime';
import { linearGrid } from './kernels/wgsl';

interface Buffers {
	update: GPUBuffer;
	sums: GPUBuffer;
	norm: GPUBuffer;
}

export class GpuOptimizer {
	readonly #runtime: GpuRuntime;
	readonly #parameters: GpuParameters;
	#buffers: Buffers | null = null;
	#commands: readonly Command[] | null = null;
	/** Tensors that have ever been given a gradient: only these learn, decay or count in the norm. */
	readonly #touched = new Set<string>();
	/** Tensors whose moments have been used. */
	readonly #moved = new Set<string>();
	#steps: StepCounts = { trunk: 0, heads: 0 };

	constructor(runtime: GpuRuntime, parameters: GpuParameters) {
		this.#runtime = runtime;
		this.#parameters = parameters;
	}

	get steps(): Readonly<StepCounts> {
		return this.#steps;
	}

	/** Whether a tensor has moments to save. */
	hasMoments(name: string): boolean {
		return this.#moved.has(name);
	}

	/** These tensors get gradients from now on. */
	touch(names: Iterable<string>): void {
		for (const name of names) {
			this.#touched.add(name);
		}
	}

	/** Takes over a saved state: the tensors with moments, and the step counts. */
	restore(moved: Iterable<string>, steps: StepCounts): void {
		this.#moved.clear();
		for (const name of moved) {
			this.#moved.add(name);
		}
		this.#steps = { ...steps };
	}

	/** See LanguageModel.step: one readback, of the norm. */
	async step(kernels: DecoderKernels, o: StepOptions): Promise<{ gradNorm: number }> {
		const steps: StepCounts = { ...this.#steps };
		const learning = this.#parameters.layout.slots.filter(
			({ name, group }) => this.#touched.has(name) && o.lr[group] !== undefined
		);
		if (learning.length === 0) {
			const { training } = this.#parameters;
			if (training) {
				this.#runtime.clear([training.gradients]);
			}
			return { gradNorm: 0 };
		}
		for (const group of GROUPS) {
			steps[group] += Number(learning.some((slot) => slot.group === group));
		}
		const { commands, buffers } = this.#runtime.js('step', () => {
			const prepared = this.#prepare(kernels);
			const view = new DataView(new ArrayBuffer(UPDATE_BYTES));
			const { layout } = this.#parameters;
			writeUpdate(view, rangesOf(layout, new Set(learning.map((p) => p.name)), steps, o), {
				length: layout.length,
				clipNorm: o.clipNorm
			});
			this.#runtime.write(prepared.buffers.update, view);
			return prepared;
		});
		const answer = await this.#runtime.read('step', commands, {
			reads: [{ buffer: buffers.norm, offset: 0, size: 16 }]
		});
		const [gradNorm = NaN, , isBad = 1] = new Float32Array(answer);
		if (isBad !== 0 || !Number.isFinite(gradNorm)) {
			throw new StudioError(
				'not-finite',
				'A gradient is not finite; the weights were left as they were.',
				{ detail: { gradNorm } }
			);
		}
		this.#steps = steps;
		learning.forEach(({ name }) => this.#moved.add(name));
		return { gradNorm };
	}

	dispose(): void {
		if (this.#buffers) {
			const { update, sums, norm } = this.#buffers;
			[update, sums, norm].forEach((buffer) => this.#runtime.memory.free(buffer));
		}
		this.#buffers = null;
		this.#commands = null;
	}

	#prepare({ other }: DecoderKernels): { commands: readonly Command[]; buffers: Buffers } {
		const runtime = this.#runtime;
		const { memory } = runtime;
		const { gradients, m, v } = this.#parameters.ensureTraining();
		this.#buffers ??= {
			update: memory.uniform('update', UPDATE_BYTES),
			sums: memory.storage({ label: 'sums of squares', bytes: 8 * NORM_GROUPS }),
			norm: memory.storage({ label: 'gradient norm', bytes: 16 })
		};
		const buffers = this.#buffers;
		const [update, sums, norm] = [buffers.update, buffers.sums, buffers.norm].map((buffer) => ({
			buffer
		})) as [{ buffer: GPUBuffer }, { buffer: GPUBuffer }, { buffer: GPUBuffer }]; // three in, three out
		const pools = [this.#parameters.values, gradients, m, v].map((buffer) => ({ buffer }));
		const bind = runtime.bind.bind(runtime, 'step');
		this.#commands ??= [
			{
				kernel: other.squareSums,
				bindGroup: bind(other.squareSums, [{ buffer: gradients }, sums, update]),
				grid: () => [normGroups(this.#parameters.layout.length), 1, 1]
			},
			{
				kernel: other.gradientNorm,
				bindGroup: bind(other.gradientNorm, [sums, norm, update]),
				grid: () => [1, 1, 1]
			},
			{
				kernel: other.adamwUpdate,
				bindGroup: bind(other.adamwUpdate, [...pools, norm, update]),
				grid: () => linearGrid(updateGroups(this.#parameters.layout.length))
			}
		];
		return { commands: this.#commands, buffers };
	}
}

/** Runs of neighbouring tensors that are treated alike. Bias corrections are taken in float64. */
function rangesOf(
	layout: ParameterLayout,
	learning: ReadonlySet<string>,
	steps: StepCounts,
	o: StepOptions
): UpdateRange[] {
	const ranges: (UpdateRange & { key: string })[] = [];
	layout.slots.forEach(({ name, group, decays, offset }, i) => {
		const isLearning = learning.has(name);
		const key = `${group} ${decays} ${isLearning}`;
		const end = layout.slots[i + 1]?.offset ?? layout.length;
		const last = ranges.at(-1);
		if (last?.key === key) {
			last.end = end;
			return;
		}
		const lr = o.lr[group] ?? 0;
		const step = Math.max(1, steps[group]);
		ranges.push({
			key,
			start: offset,
			end,
			isLearning,
			stepSize: lr / (1 - ADAM_BETA1 ** step),
			keep: decays ? 1 - lr * o.weightDecay : 1,
			rootCorrection: 1 / Math.sqrt(1 - ADAM_BETA2 ** step)
		});
	});
	if (ranges.length > MOST_RANGES) {
		throw new StudioError(
			'internal',
			`${ranges.length} ranges of parameters; room for ${MOST_RANGES}.`
		);
	}
	return ranges;
}
