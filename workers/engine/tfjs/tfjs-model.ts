/**
 * LanguageModel on TensorFlow.js: the readable reference that faster engines are held to.
 * Weights, gradients and moments live on the host (Parameters); tensors here are device copies. On cpu and wasm a backward batch
 * that fits one pass computes its loss inside one customGrad; on webgpu, whose tape cannot wait, a score pass is awaited and the
 * gradient taken of the sum of coefficients times outputs.
 */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { sampleRow } from '../../../src/core/methods/log-prob';
import { uniform } from '../../../src/core/random';
import { StudioError } from '../../../src/protocol/errors';
import type { BackendName } from '../../../src/protocol/trainer';
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
import { DEFAULT_MICRO_TOKENS, microBatches, type MicroBatch } from '../micro-batches';
import { assertUsable } from '../check-loss';
import type { Parameters } from '../parameters';
import { newTokens } from '../counters';
import { breathe } from '../yielding';
import type { TfjsDevice } from './backends';
import { GpuDecodeCache, HostDecodeCache } from './decode-cache';
import {
	ShapeTables,
	decodeColumn,
	hiddenStates,
	vocabularyHead,
	type WeightSource
} from './decoder';
import { DeviceWeights } from './device-weights';
import { readNow } from './host-read';
import { linear, tokenStatistics, withGradient } from './ops';
import { coefficientTensors, fillScores, nextTokens, type PassTensors } from './pass-tensors';
import * as tf from './tf';

const DEFAULT_OUTPUTS: readonly Output[] = ['logProb', 'entropy', 'value'];
/** Widths of 16 keep WebGPU to a handful of shapes; host backends gain nothing from padding. */
const GPU_COLUMN_MULTIPLE = 16;

interface NamedGradients {
	names: string[];
	grads: tf.Tensor[];
}

export class TfjsModel implements LanguageModel {
	readonly config: ModelConfig;
	readonly #device: TfjsDevice;
	readonly #parameters: Parameters;
	readonly #weights: DeviceWeights;
	readonly #tables: ShapeTables;

	constructor(config: ModelConfig, parameters: Parameters, device: TfjsDevice) {
		this.config = config;
		this.#device = device;
		this.#parameters = parameters;
		this.#weights = new DeviceWeights(parameters);
		this.#tables = new ShapeTables(config);
	}

	get backend(): BackendName {
		return this.#device.backend;
	}

	get bytes(): number {
		return this.#parameters.bytes + this.#weights.bytes;
	}

	score(batch: Batch, o: Pass): Promise<Scores> {
		return this.#device.counters.time('score', batch.B * batch.T, () => this.#score(batch, o));
	}

	async #score(batch: Batch, o: Pass): Promise<Scores> {
		const want = o.want ?? DEFAULT_OUTPUTS;
		const scores = this.#emptyScores(batch, want);
		for (const part of this.#split(batch, o)) {
			await breathe(o.signal);
			const pass = tf.tidied(() =>
				this.#forward(this.#weights, part, want, o.temperature, () => false)
			);
			const [statistics, values, hidden] = await Promise.all([
				this.#device.read(pass.statistics),
				this.#device.read(pass.values),
				want.includes('hidden') ? this.#device.read(pass.hidden) : null
			]);
			tf.dispose([pass.statistics, pass.values, pass.hidden].filter((t) => t !== null));
			this.#device.assertHealthy();
			fillScores({ scores, part, batch, want, statistics, values, hidden });
		}
		return scores;
	}

	async logits(batch: Batch, column: number): Promise<F> {
		const V = this.config.vocabSize;
		const out = new Float64Array(batch.B * V);
		const whole = { ...batch, length: batch.length.map(() => column + 1) };
		for (const part of this.#split(whole, { temperature: 1 })) {
			const logits = tf.tidied(() => {
				const hidden = this.#hidden(this.#weights, part);
				const picked = tf.gather(
					hidden,
					Array.from({ length: part.B }, (_, b) => b * part.T + column)
				);
				return tf.matMul(picked, this.#weights.transposed(vocabularyHead(this.config)));
			});
			out.set((await this.#device.read(logits)) ?? [], part.firstRow * V);
			logits.dispose();
		}
		this.#device.assertHealthy();
		return out;
	}

	async sample(prompts: readonly Int32Array[], o: Sampling): Promise<Sampled> {
		const { counters } = this.#device;
		const sampled = await counters.time('sample', 0, () => this.#sample(prompts, o));
		counters.add('sample', 'tokens', newTokens(sampled));
		return sampled;
	}

	async #sample(prompts: readonly Int32Array[], o: Sampling): Promise<Sampled> {
		const B = prompts.length;
		const V = this.config.vocabSize;
		const promptLength = Int32Array.from(prompts, (p) => p.length);
		const shortest = Math.min(...promptLength);
		if (shortest < 1) {
			throw new StudioError('internal', 'Every prompt needs at least one token to read from.');
		}
		const T = Math.min(Math.max(...promptLength) + o.maxNew, this.config.maxPositions);
		const ids = new Int32Array(B * T);
		prompts.forEach((p, b) => ids.set(p.subarray(0, T), b * T));
		const length = promptLength.slice();
		const behaviourLogProb = new Float64Array(B * T);
		const stopped = new Uint8Array(B);
		const isEnded = new Uint8Array(B);
		const cache = this.#device.isHost
			? new HostDecodeCache(this.config, B, T, isEnded)
			: new GpuDecodeCache(this.config, B, T, this.#tables);
		try {
			for (let t = 0; t + 1 < T && isEnded.includes(0); t++) {
				await breathe(o.signal);
				const column = Int32Array.from({ length: B }, (_, b) => ids[b * T + t] ?? 0);
				const needsLogits = t + 1 >= shortest;
				const logits = tf.tidied(() => {
					const hidden = decodeColumn(
						this.#weights,
						this.config,
						tf.tensor1d(column, 'int32'),
						t,
						cache
					);
					return needsLogits
						? tf.matMul(hidden, this.#weights.transposed(vocabularyHead(this.config)))
						: null;
				});
				if (!logits) {
					continue;
				}
				const values = await this.#device.read(logits);
				logits.dispose();
				for (let b = 0; b < B; b++) {
					const prompt = promptLength[b] ?? 0;
					if (isEnded[b] || t + 1 < prompt || !values) {
						continue;
					}
					const u = uniform(o.seed, o.first + b, t + 1);
					const draw = sampleRow(values, b * V, V, u, {
						temperature: o.temperature,
						topK: o.topK ?? 0,
						topP: o.topP ?? 1
					});
					ids[b * T + t + 1] = draw.id;
					behaviourLogProb[b * T + t + 1] = draw.logProb;
					length[b] = t + 2;
					stopped[b] = Number(o.stop.includes(draw.id));
					isEnded[b] = Number(stopped[b] === 1 || t + 2 - prompt >= o.maxNew);
				}
				o.onToken?.(t + 2 - shortest, T - shortest);
			}
		} finally {
			cache.dispose();
		}
		this.#device.assertHealthy();
		return { B, T, ids, promptLength, length, behaviourLogProb, stopped };
	}

	backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult> {
		const work = () => this.#backward(batch, loss, o);
		return this.#device.counters.time('backward', batch.B * batch.T, work);
	}

	async #backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult> {
		const want = o.want ?? DEFAULT_OUTPUTS;
		const parts = this.#split(batch, o);
		const groups = o.groups ?? ['trunk', 'heads'];
		try {
			if (typeof loss === 'function' && this.#device.isHost && parts[0] && parts.length === 1) {
				await breathe(o.signal);
				return this.#backwardInOnePass(batch, parts[0], loss, want, o.temperature, groups);
			}
			const result: LossResult =
				typeof loss === 'function'
					? loss(await this.#score(batch, o), batch)
					: { loss: 0, metrics: {}, ...loss };
			assertUsable(result, batch);
			if (result.skip === undefined) {
				for (const part of parts) {
					await breathe(o.signal);
					await this.#addGradients(part, result, batch, want, o.temperature, groups);
				}
			}
			return result;
		} catch (cause) {
			this.zeroGrad();
			throw cause;
		}
	}

	async step(o: StepOptions): Promise<{ gradNorm: number }> {
		return this.#device.counters.time('step', 0, async () => {
			await breathe();
			const { gradNorm, changed } = this.#parameters.update(o);
			this.#weights.invalidate(changed);
			return { gradNorm };
		});
	}

	zeroGrad(): void {
		this.#parameters.zeroGrad();
	}

	clone(): Promise<LanguageModel> {
		return Promise.resolve(new TfjsModel(this.config, this.#parameters.clone(), this.#device));
	}

	async *save(o: { optimizer?: boolean } = {}): AsyncIterable<NamedTensor> {
		yield* this.#parameters.save(o.optimizer ?? false);
	}

	async load(tensors: AsyncIterable<NamedTensor> | Iterable<NamedTensor>): Promise<void> {
		await this.#parameters.load(tensors);
		this.#weights.dispose();
	}

	dispose(): void {
		this.#weights.dispose();
		this.#tables.dispose();
	}

	#split(batch: Batch, o: Pass): MicroBatch[] {
		const most = this.#device.mostPositions(this.#parameters.count);
		return microBatches(
			batch,
			Math.min(o.microTokens ?? DEFAULT_MICRO_TOKENS, most),
			this.#device.isHost ? 1 : GPU_COLUMN_MULTIPLE
		);
	}

	#hidden(w: WeightSource, part: MicroBatch): tf.Tensor2D {
		const ids = tf.tensor1d(part.ids, 'int32');
		return hiddenStates(w, this.config, ids, part.B, part.T, this.#tables, this.#device.isHost);
	}

	#forward(
		w: WeightSource,
		part: MicroBatch,
		want: readonly Output[],
		temperature: number,
		needsEntropyGradient: () => boolean
	): PassTensors {
		const hidden = this.#hidden(w, part);
		const name = vocabularyHead(this.config);
		const head = (weight: string) =>
			linear(hidden, w.get(weight) as tf.Tensor2D, w.transposed(weight));
		const wantsEntropy = want.includes('entropy');
		const statistics =
			wantsEntropy || want.includes('logProb')
				? tokenStatistics(
						head(name),
						nextTokens(part),
						temperature,
						wantsEntropy,
						needsEntropyGradient
					)
				: null;
		const values = want.includes('value') && this.config.valueHeads > 0 ? head(SCALAR_HEADS) : null;
		return { statistics, values, hidden };
	}

	#backwardInOnePass(
		batch: Batch,
		part: MicroBatch,
		loss: Loss,
		want: readonly Output[],
		temperature: number,
		groups: readonly ParameterGroup[]
	): LossResult {
		let result: LossResult = { loss: 0, metrics: {} };
		const gradients = this.#differentiate(groups, want, (w) => {
			const pass = this.#forward(w, part, want, temperature, () => result.dEntropy !== undefined);
			const outputs = [pass.statistics, pass.values].filter((t) => t !== null);
			return withGradient(outputs, () => {
				const statistics = pass.statistics && readNow(pass.statistics);
				const values = pass.values && readNow(pass.values);
				const scores = this.#emptyScores(batch, want);
				fillScores({ scores, part, batch, want, statistics, values, hidden: null });
				result = loss(scores, batch);
				assertUsable(result, batch);
				return {
					value: tf.scalar(result.loss),
					gradFunc: () => coefficientTensors(part, result, batch, pass)
				};
			});
		});
		if (result.skip === undefined) {
			this.#addNow(gradients);
		} else {
			tf.dispose(gradients.grads);
		}
		return result;
	}

	async #addGradients(
		part: MicroBatch,
		result: Coefficients,
		batch: Batch,
		want: readonly Output[],
		temperature: number,
		groups: readonly ParameterGroup[]
	): Promise<void> {
		const needed = want.filter((output) => {
			return (
				(output === 'logProb' && result.dLogProb) ||
				(output === 'entropy' && result.dEntropy) ||
				(output === 'value' && result.dValue)
			);
		});
		const gradients = this.#differentiate(groups, needed, (w) => {
			const pass = this.#forward(w, part, needed, temperature, () => result.dEntropy !== undefined);
			const tensors = [pass.statistics, pass.values].filter((t) => t !== null);
			const coefficients = coefficientTensors(part, result, batch, pass);
			return tensors
				.map((t, i) => tf.sum(tf.mul(t, coefficients[i] as tf.Tensor)))
				.reduce((a, b) => tf.add(a, b), tf.scalar(0));
		});
		if (this.#device.isHost) {
			this.#addNow(gradients);
		} else {
			await this.#addWhenRead(gradients);
		}
	}

	/** Gradients of a scalar made of `outputs` by those weights of `groups` that it depends on. */
	#differentiate(
		groups: readonly ParameterGroup[],
		outputs: readonly Output[],
		f: (w: WeightSource) => tf.Tensor
	): NamedGradients {
		const readsVocabulary = outputs.includes('logProb') || outputs.includes('entropy');
		const unread = [
			...(outputs.includes('value') ? [] : [SCALAR_HEADS]),
			...(readsVocabulary ? [] : [LM_HEAD])
		];
		const names = [...this.#parameters]
			.filter((p) => groups.includes(p.group) && !unread.includes(p.name))
			.map((p) => p.name);
		const inputs = names.map((name) => this.#weights.get(name));
		const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
			const byName = new Map(names.map((name, i) => [name, tensors[i] as tf.Tensor])); // one tensor per input
			return f({
				get: (name) => byName.get(name) ?? this.#weights.get(name),
				transposed: (name) => this.#weights.transposed(name)
			}) as tf.Scalar;
		})(inputs);
		value.dispose();
		return { names, grads };
	}

	#addNow({ names, grads }: NamedGradients): void {
		grads.forEach((grad, i) => this.#parameters.accumulate(names[i] ?? '', readNow(grad)));
		tf.dispose(grads);
	}

	/** One readback for all gradients. */
	async #addWhenRead({ names, grads }: NamedGradients): Promise<void> {
		const flat = tf.tidied(() => tf.concat(grads.map((g) => tf.reshape(g, [-1]))));
		const values = (await this.#device.read(flat)) ?? new Float32Array();
		const sizes = grads.map((g) => g.size);
		tf.dispose([flat, ...grads]);
		this.#device.assertHealthy();
		let at = 0;
		names.forEach((name, i) => {
			const size = sizes[i] ?? 0;
			this.#parameters.accumulate(name, values.subarray(at, at + size));
			at += size;
		});
	}

	#emptyScores(batch: Batch, want: readonly Output[]): Scores {
		const size = batch.B * batch.T;
		const scores: Scores = {
			logProb: new Float64Array(size),
			entropy: new Float64Array(size),
			value: Array.from({ length: this.config.valueHeads }, () => new Float64Array(size))
		};
		return want.includes('hidden')
			? { ...scores, hidden: new Float64Array(batch.B * this.config.hiddenSize) }
			: scores;
	}
}
