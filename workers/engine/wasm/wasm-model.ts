/**
 * LanguageModel on our own WebAssembly kernels. Shards compute passes and rollouts on their share of the rows; this side divides the
 * work, adds up gradients and takes the optimiser's steps. Numbers do not depend on how many shards there are.
 */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { assertUsable } from '../check-loss';
import { newTokens } from '../counters';
import { LM_HEAD, SCALAR_HEADS } from '../decoder-parameters';
import type {
	Batch,
	Coefficients,
	F,
	LanguageModel,
	Loss,
	LossResult,
	NamedTensor,
	Output,
	ParameterGroup,
	Pass,
	Sampled,
	Sampling,
	Scores,
	StepOptions
} from '../language-model';
import { DEFAULT_MICRO_TOKENS } from '../micro-batches';
import { assertFits, passBytes } from './memory-plan';
import { emptyScores, fillScores, partCoefficients } from './outputs';
import type { PooledParameters } from './pooled-parameters';
import { assertTokens, planBatch, slicesOf, type Part, type Plan } from './slices';
import type { PassOutputs, Wanted } from './shard-protocol';
import { rollOut } from './sharded-rollout';
import type { ShardedModel } from './sharded-model';
import type { WasmDevice } from './wasm-device';

const DEFAULT_OUTPUTS: readonly Output[] = ['logProb', 'entropy', 'value'];

export class WasmModel implements LanguageModel {
	readonly config: ModelConfig;
	readonly backend = 'wasm';
	readonly #device: WasmDevice;
	readonly #parameters: PooledParameters;
	readonly #shards: ShardedModel;

	constructor(
		config: ModelConfig,
		parameters: PooledParameters,
		shards: ShardedModel,
		device: WasmDevice
	) {
		this.config = config;
		this.#parameters = parameters;
		this.#shards = shards;
		this.#device = device;
	}

	get bytes(): number {
		return this.#parameters.bytes + this.#shards.bytes;
	}

	score(batch: Batch, o: Pass): Promise<Scores> {
		return this.#device.counters.time('score', batch.B * batch.T, async () => {
			const want = o.want ?? DEFAULT_OUTPUTS;
			const plan = this.#plan(batch, o, false);
			return this.#scoreParts(batch, plan, o, want, null);
		});
	}

	async logits(batch: Batch, column: number): Promise<F> {
		const V = this.config.vocabSize;
		const out = new Float64Array(batch.B * V);
		const whole = { ...batch, length: batch.length.map(() => column + 1) };
		const { parts } = this.#plan(whole, { temperature: 1 }, false);
		await this.#share(parts, undefined, async (shard, { ids, lengths, firstRow }) => {
			const rows = { ids, lengths };
			out.set(await this.#shards.ask(shard, 'logits', { rows }), firstRow * V);
		});
		return out;
	}

	async sample(prompts: readonly Int32Array[], o: Sampling): Promise<Sampled> {
		const { counters } = this.#device;
		const parts = [this.config, this.#parameters.count, this.#shards, this.#device] as const;
		const sampled = await counters.time('sample', 0, () => rollOut(prompts, o, ...parts));
		counters.add('sample', 'tokens', newTokens(sampled));
		return sampled;
	}

	backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult> {
		const work = () => this.#backward(batch, loss, o);
		return this.#device.counters.time('backward', batch.B * batch.T, work);
	}

	step(o: StepOptions): Promise<{ gradNorm: number }> {
		const { counters } = this.#device;
		return counters.time('step', 0, async () => {
			await this.#device.breathe();
			return this.#device.busy('step', () => this.#parameters.update(o));
		});
	}

	zeroGrad(): void {
		this.#parameters.zeroGrad();
	}

	clone(): Promise<LanguageModel> {
		return this.#device.copyModel(this.config, this.#parameters);
	}

	async *save(o: { optimizer?: boolean } = {}): AsyncIterable<NamedTensor> {
		yield* this.#parameters.save(o.optimizer ?? false);
	}

	load(tensors: AsyncIterable<NamedTensor> | Iterable<NamedTensor>): Promise<void> {
		return this.#parameters.load(tensors);
	}

	dispose(): void {
		this.#parameters.free();
		this.#shards.remove();
	}

	#plan(batch: Batch, o: Pass, isBackward: boolean): Plan {
		const { count, layout } = this.#parameters;
		const plan = planBatch(batch, count, o.microTokens ?? DEFAULT_MICRO_TOKENS);
		for (const { ids, lengths } of plan.parts) {
			assertTokens(ids, this.config.vocabSize);
			const longest = Math.max(0, ...lengths);
			// Gradients of the slice at hand and of each level of the tree above it.
			const pools = isBackward ? (2 + Math.log2(plan.slices)) * layout.length * 4 : 0;
			assertFits(
				lengths.length,
				this.#shards.fixedBytes + pools,
				(rows) => passBytes(this.config, (ids.length * rows) / lengths.length, longest, isBackward),
				this.#device.memoryLimit
			);
		}
		return plan;
	}

	/** Hands parts to whichever shard is free; what comes back must not depend on the order. */
	async #share(
		parts: readonly Part[],
		signal: AbortSignal | undefined,
		work: (shard: number, part: Part) => Promise<void>
	): Promise<void> {
		const waiting = parts.values();
		await this.#device.onEachShard(async (shard) => {
			for (const part of waiting) {
				await this.#device.breathe(signal);
				await work(shard, part);
			}
		});
	}

	async #scoreParts(
		batch: Batch,
		plan: Plan,
		o: Pass,
		want: readonly Output[],
		session: number | null
	): Promise<Scores> {
		const { valueHeads, hiddenSize } = this.config;
		const scores = emptyScores(batch, valueHeads, hiddenSize, want);
		const wanted: Wanted = {
			statistics: want.includes('logProb') || want.includes('entropy'),
			values: want.includes('value') && valueHeads > 0,
			hidden: want.includes('hidden')
		};
		const forward = async (shard: number, part: Part) => {
			const outputs: PassOutputs = await this.#shards.ask(shard, 'forward', {
				rows: { ids: part.ids, lengths: part.lengths },
				want: wanted,
				temperature: o.temperature,
				keep: session === null ? null : { session, part: part.index }
			});
			const operation = session === null ? 'score' : 'backward';
			this.#device.busy(operation, () => fillScores(scores, batch, part, outputs, want));
		};
		if (session === null) {
			await this.#share(plan.parts, o.signal, forward);
		} else {
			// The shard that keeps the activations is the one that differentiates.
			await this.#device.onEachShard(async (shard, shards) => {
				for (const part of slicesOf(plan, shard, shards)) {
					await this.#device.breathe(o.signal);
					await forward(shard, part);
				}
			});
		}
		return scores;
	}

	async #backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult> {
		const want = o.want ?? DEFAULT_OUTPUTS;
		const session = this.#device.newId();
		try {
			const plan = this.#plan(batch, o, true);
			const result: LossResult =
				typeof loss === 'function'
					? await this.#loss(batch, plan, loss, o, want, session)
					: { loss: 0, metrics: {}, ...loss };
			assertUsable(result, batch);
			if (result.skip === undefined) {
				await this.#addGradients(batch, plan, result, o, want, session);
			}
			return result;
		} catch (cause) {
			this.zeroGrad();
			throw cause;
		} finally {
			this.#shards.end(session);
		}
	}

	async #loss(
		batch: Batch,
		plan: Plan,
		loss: Loss,
		o: Pass,
		want: readonly Output[],
		session: number
	): Promise<LossResult> {
		const scores = await this.#scoreParts(batch, plan, o, want, session);
		return this.#device.busy('backward', () => loss(scores, batch));
	}

	async #addGradients(
		batch: Batch,
		plan: Plan,
		c: Coefficients,
		o: Pass,
		want: readonly Output[],
		session: number
	): Promise<void> {
		const groups = o.groups ?? ['trunk', 'heads'];
		const range = this.#rangeOf(groups);
		const reached = this.#reachedBy(c, want, groups);
		if (reached.length === 0) {
			return;
		}
		const { valueHeads } = this.config;
		const sums = await this.#device.onEachShard(async (shard, shards) => {
			const parts = slicesOf(plan, shard, shards);
			for (const part of parts) {
				await this.#device.breathe(o.signal);
				const coefficients = this.#device.busy('backward', () =>
					partCoefficients(c, batch, part, valueHeads, want)
				);
				const { ids, lengths, index, slice, isLastOfSlice } = part;
				await this.#shards.ask(shard, 'backward', {
					rows: { ids, lengths },
					temperature: o.temperature,
					coefficients,
					place: { session, part: index, slice, slices: plan.slices, isLastOfSlice },
					...range
				});
			}
			return parts.length > 0 ? this.#shards.gradients(shard, session) : [];
		});
		this.#device.busy('backward', () =>
			this.#parameters.addGradients(sums.flat(), plan.slices, range.start, reached)
		);
	}

	/** The pool from the first to the last parameter of the groups. */
	#rangeOf(groups: readonly ParameterGroup[]): { start: number; end: number } {
		const ranges = this.#parameters.layout.ranges.filter(({ group }) => groups.includes(group));
		return { start: ranges[0]?.start ?? 0, end: ranges.at(-1)?.end ?? 0 };
	}

	/** The parameters that outputs with a coefficient depend on. */
	#reachedBy(
		c: Coefficients,
		want: readonly Output[],
		groups: readonly ParameterGroup[]
	): string[] {
		const byValue = c.dValue !== undefined && want.includes('value') && this.config.valueHeads > 0;
		const byVocabulary =
			(c.dLogProb !== undefined && want.includes('logProb')) ||
			(c.dEntropy !== undefined && want.includes('entropy'));
		return this.#parameters.parameters
			.filter(({ name, group }) => {
				const isRead =
					name === SCALAR_HEADS
						? byValue
						: name === LM_HEAD
							? byVocabulary
							: byValue || byVocabulary;
				return isRead && groups.includes(group);
			})
			.map(({ name }) => name);
	}
}
