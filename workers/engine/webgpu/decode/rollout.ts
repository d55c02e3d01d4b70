/**
 * Writes completions wholly on the graphics device. Every column of a rollout replays one command list: five kernels a layer, the logits,
 * the sampler, and a kernel that moves on to the next column (advance.ts). Place, settings, random numbers and the rows still being
 * written live in a small buffer there (decode-state.ts), several columns go into one submit, and one readback at the end brings
 * tokens, log-probabilities and values.
 */
import type { ModelConfig } from '../../../../src/core/formats/model-config';
import { StudioError } from '../../../../src/protocol/errors';
import { newTokens } from '../../counters';
import type { Sampled, Sampling } from '../../language-model';
import { breathe } from '../../yielding';
import type { GpuParameters } from '../gpu-parameters';
import type { BufferRange, Command, GpuRuntime } from '../gpu-runtime';
import { gridsFor } from './advance';
import { columnCommands } from './decode-commands';
import { compileDecodeKernels, decodeGrids, type DecodeKernels } from './decode-kernels';
import { AT, NO_TOKEN, initialState } from './decode-state';
import { DecodeWorkspace, type DecodeBuffers } from './decode-workspace';

const COLUMNS_PER_SUBMIT = 8;
/** No submit should hold the device longer: the page is drawn by the same device. */
const LONGEST_SUBMIT_MS = 50;

interface Prepared {
	readonly buffers: DecodeBuffers;
	/** The model's values buffer that the bind groups name. */
	readonly values: GPUBuffer;
	/** One column. */
	readonly column: readonly Command[];
}

export class Rollout {
	readonly #runtime: GpuRuntime;
	readonly #config: ModelConfig;
	readonly #parameters: GpuParameters;
	readonly #workspace: DecodeWorkspace;
	#kernels: Promise<DecodeKernels> | null = null;
	#prepared: Prepared | null = null;
	#columnsPerSubmit = COLUMNS_PER_SUBMIT;
	#lastWorkgroups = 0;
	#isDisposed = false;

	/** Allocates nothing on the device before the first rollout. The parameters stay their owner's. */
	constructor(runtime: GpuRuntime, config: ModelConfig, parameters: GpuParameters) {
		this.#runtime = runtime;
		this.#config = config;
		this.#parameters = parameters;
		this.#workspace = DecodeWorkspace.shared(runtime, config);
	}

	/** Workgroups that the device launched for the last batch: falls with the rows that end early. */
	get lastWorkgroups(): number {
		return this.#lastWorkgroups;
	}

	/** Bytes of the buffers of a rollout; models with the same dimensions share them. */
	get workspaceBytes(): number {
		return this.#workspace.bytes;
	}

	/** Compiles the kernels in the background. */
	async warm(): Promise<void> {
		await this.#compiled();
	}

	/** LanguageModel.sample, counted. Waits for other operations of the runtime; do not call it inside `runtime.exclusive`. */
	async sample(prompts: readonly Int32Array[], o: Sampling): Promise<Sampled> {
		const promptLength = Int32Array.from(prompts, (p) => p.length);
		const shortest = Math.min(...promptLength);
		if (shortest < 1) {
			throw new StudioError('internal', 'Every prompt needs at least one token to read from.');
		}
		const B = prompts.length;
		const T = Math.min(Math.max(0, ...promptLength) + o.maxNew, this.#config.maxPositions);
		const sampled: Sampled = {
			B,
			T,
			ids: new Int32Array(B * T),
			promptLength,
			length: promptLength.slice(),
			behaviourLogProb: new Float64Array(B * T),
			stopped: new Uint8Array(B),
			...(this.#config.valueHeads > 0 && { behaviourValue: new Float64Array(B * T) })
		};
		prompts.forEach((p, b) => sampled.ids.set(p.subarray(0, T), b * T));
		this.#lastWorkgroups = 0;
		if (T <= shortest) {
			return sampled;
		}
		const mostRows = this.#workspace.mostRows(T);
		for (let start = 0; start < B; start += mostRows) {
			const rows = prompts.slice(start, start + mostRows);
			const report = (done: number) =>
				o.onToken?.(
					Math.floor((start * (T - shortest) + rows.length * Math.max(0, done - shortest)) / B),
					T - shortest
				);
			await this.#runtime.exclusive(() =>
				this.#runtime.counters.time('sample', 0, () =>
					this.#rollOut(rows, start, sampled, o, report)
				)
			);
		}
		this.#runtime.counters.add('sample', 'tokens', newTokens(sampled));
		return sampled;
	}

	/** Frees the workspace if no other model uses it. */
	dispose(): void {
		this.#prepared = null;
		if (!this.#isDisposed) {
			this.#isDisposed = true;
			this.#workspace.release();
		}
	}

	/** One batch of rows that fits the workspace, written into `sampled` from row `start` on. */
	async #rollOut(
		prompts: readonly Int32Array[],
		start: number,
		sampled: Sampled,
		o: Sampling,
		report: (columns: number) => void
	): Promise<void> {
		const { T } = sampled;
		this.#runtime.gpu.assertHealthy();
		await breathe(o.signal);
		const { buffers, column } = await this.#prepare(prompts.length, T);
		const state = initialState(
			{ prompts, T, capacity: buffers.positions, first: o.first + start },
			o
		);
		const longest = Math.max(...prompts.map((p) => p.length));
		const columns = Math.min(T, longest + Math.max(1, o.maxNew)) - 1;
		const grids = gridsFor(
			decodeGrids(this.#config),
			state[AT.ACTIVE_COUNT] ?? 0,
			state[AT.DRAW_COUNT] ?? 0
		);
		this.#runtime.write(buffers.state, state);
		this.#runtime.write(buffers.grids, grids);
		const words = (2 + Number(sampled.behaviourValue !== undefined)) * prompts.length * T;
		const reads: Required<BufferRange>[] = [
			{ buffer: buffers.state, offset: 0, size: 4 * AT.IDS },
			{ buffer: buffers.results, offset: 0, size: 4 * words }
		];
		let waiting: Promise<void> = Promise.resolve();
		let lastDone = performance.now();
		let next = 0;
		for (;;) {
			await breathe(o.signal);
			const count = Math.min(this.#columnsPerSubmit, columns - next);
			const commands = Array.from({ length: count }, () => column).flat();
			next += count;
			if (next >= columns) {
				const answer = await this.#runtime.read('sample', commands, {
					perSubmit: commands.length,
					reads
				});
				this.#take(answer, prompts.length, start, sampled);
				report(T);
				return;
			}
			this.#runtime.submit('sample', commands, { perSubmit: commands.length });
			// One submit is under way while the next is made; more would only delay a stop.
			const done = this.#runtime.idle();
			done.catch(() => undefined); // told to whoever awaits it
			await waiting;
			waiting = done;
			report(next - count);
			this.#adapt(performance.now() - lastDone);
			lastDone = performance.now();
		}
	}

	/** Fewer columns a submit where one takes long, more again where it does not. A software adapter is slow whatever is done. */
	#adapt(submitMs: number): void {
		if (this.#runtime.gpu.isSoftware) {
			return;
		}
		if (submitMs > LONGEST_SUBMIT_MS) {
			this.#columnsPerSubmit = Math.max(1, this.#columnsPerSubmit >> 1);
		} else if (submitMs < LONGEST_SUBMIT_MS / 4) {
			this.#columnsPerSubmit = Math.min(COLUMNS_PER_SUBMIT, this.#columnsPerSubmit << 1);
		}
	}

	/** Reads what came back into the rows of `sampled` from `start` on. */
	#take(answer: ArrayBuffer, rows: number, start: number, sampled: Sampled): void {
		const { T } = sampled;
		const state = new Uint32Array(answer, 0, AT.IDS);
		const tokens = new Uint32Array(answer, 4 * AT.IDS, rows * T);
		const floats = new Float32Array(answer, 4 * AT.IDS);
		this.#lastWorkgroups += state[AT.WORKGROUPS] ?? 0;
		for (let b = 0; b < rows; b++) {
			const row = start + b;
			const length = state[AT.LENGTH + b] ?? 0;
			sampled.length[row] = length;
			sampled.stopped[row] = state[AT.STOPPED + b] ?? 0;
			for (let t = sampled.promptLength[row] ?? 0; t < Math.min(length, T); t++) {
				const from = b * T + t;
				const to = row * T + t;
				if (tokens[from] === NO_TOKEN) {
					throw new StudioError('not-finite', 'The logits are not finite; no token can be drawn.');
				}
				sampled.ids[to] = tokens[from] ?? 0;
				sampled.behaviourLogProb[to] = floats[rows * T + from] ?? NaN;
				if (sampled.behaviourValue) {
					sampled.behaviourValue[to - 1] = floats[2 * rows * T + from - 1] ?? NaN;
				}
			}
		}
	}

	#compiled(): Promise<DecodeKernels> {
		this.#kernels ??= compileDecodeKernels(
			this.#runtime.kernels,
			this.#config,
			this.#parameters.layout
		);
		return this.#kernels;
	}

	/** Buffers for so many rows of T positions and the command list on them: those at hand, or new ones. */
	async #prepare(rows: number, T: number): Promise<Prepared> {
		const kernels = await this.#compiled();
		const buffers = this.#workspace.reserve(rows, T);
		const { values } = this.#parameters;
		if (this.#prepared?.buffers !== buffers || this.#prepared.values !== values) {
			const column = this.#runtime.js('sample', () =>
				columnCommands(this.#runtime, this.#config, this.#parameters, kernels, buffers)
			);
			this.#prepared = { buffers, values, column };
		}
		return this.#prepared;
	}
}
