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
import { SCALAR_HEADS } from '../decoder-parameters';
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
import { DEFAULT_MICRO_TOKENS, gatherColumns, microBatches, scatterColumns, type MicroBatch } from '../micro-batches';
import type { Parameters } from '../parameters';
import { breathe } from '../yielding';
import type { TfjsDevice } from './backends';
import { GpuDecodeCache, HostDecodeCache } from './decode-cache';
import { ShapeTables, decodeColumn, hiddenStates, vocabularyHead, type WeightSource } from './decoder';
import { DeviceWeights } from './device-weights';
import { readNow } from './host-read';
import { linear, tokenStatistics, withGradient } from './ops';
import * as tf from './tf';

const DEFAULT_OUTPUTS: readonly Output[] = ['logProb', 'entropy', 'value'];
/** Widths of 16 keep WebGPU to a handful of shapes; host backends gain nothing from padding. */
const GPU_COLUMN_MULTIPLE = 16;

/** Outputs of one device pass: statistics [2,N] (log-probability and entropy of the NEXT token), values [N,K], hidden [N,d]. */
interface PassTensors {
	statistics: tf.Tensor2D | null;
	values: tf.Tensor2D | null;
	hidden: tf.Tensor2D;
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

	async score(batch: Batch, o: Pass): Promise<Scores> {
		const want = o.want ?? DEFAULT_OUTPUTS;
		const scores = this.#emptyScores(batch, want);
		for (const part of this.#split(batch, o)) {
			await breathe(o.signal);
			const pass = tf.tidied(() => this.#forward(this.#weights, part, want, o.temperature, () => false));
			const [statistics, values, hidden] = await Promise.all([
				this.#device.read(pass.statistics),
				this.#device.read(pass.values),
				want.includes('hidden') ? this.#device.read(pass.hidden) : null
			]);
			tf.dispose([pass.statistics, pass.values, pass.hidden].filter((t) => t !== null));
			this.#device.assertHealthy();
			fillScores(scores, part, batch, want, statistics, values, hidden, this.config);
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
				const picked = tf.gather(hidden, Array.from({ length: part.B }, (_, b) => b * part.T + column));
				return tf.matMul(picked, this.#weights.transposed(vocabularyHead(this.config)));
			});
			out.set((await this.#device.read(logits)) ?? [], part.firstRow * V);
			logits.dispose();
		}
		this.#device.assertHealthy();
		return out;
	}

	async sample(prompts: readonly Int32Array[], o: Sampling): Promise<Sampled> {
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
					const hidden = decodeColumn(this.#weights, this.config, tf.tensor1d(column, 'int32'), t, cache);
					return needsLogits ? tf.matMul(hidden, this.#weights.transposed(vocabularyHead(this.config))) : null;
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

	async backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult> {
		const want = o.want ?? DEFAULT_OUTPUTS;
		const parts = this.#split(batch, o);
		const groups = o.groups ?? ['trunk', 'heads'];
		try {
			if (typeof loss === 'function' && this.#device.isHost && parts[0] && parts.length === 1) {
				await breathe(o.signal);
				return this.#backwardInOnePass(batch, parts[0], loss, want, o.temperature, groups);
			}
			const result: LossResult =
				typeof loss === 'function' ? loss(await this.score(batch, o), batch) : { loss: 0, metrics: {}, ...loss };
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
		await breathe();
		const { gradNorm, changed } = this.#parameters.update(o);
		this.#weights.invalidate(changed);
		return { gradNorm };
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
		return microBatches(batch, o.microTokens ?? DEFAULT_MICRO_TOKENS, this.#device.isHost ? 1 : GPU_COLUMN_MULTIPLE);
	}

	#hidden(w: WeightSource, part: MicroBatch): tf.Tensor2D {
		const ids = tf.tensor1d(part.ids, 'int32');
		return hiddenStates(w, this.config, ids, part.B, part.T, this.#tables, this.#device.isHost);
	}

	#forward(w: WeightSource, part: MicroBatch, want: readonly Output[], temperature: number, needsEntropyGradient: () => boolean): PassTensors {
		const hidden = this.#hidden(w, part);
		const name = vocabularyHead(this.config);
		const head = (weight: string) => linear(hidden, w.get(weight) as tf.Tensor2D, w.transposed(weight));
		const wantsEntropy = want.includes('entropy');
		const statistics =
			wantsEntropy || want.includes('logProb')
				? tokenStatistics(head(name), nextTokens(part), temperature, wantsEntropy, needsEntropyGradient)
				: null;
		const values = want.includes('value') && this.config.valueHeads > 0 ? head(SCALAR_HEADS) : null;
		return { statistics, values, hidden };
	}

	#backwardInOnePass(batch: Batch, part: MicroBatch, loss: Loss, want: readonly Output[], temperature: number, groups: readonly ParameterGroup[]): LossResult {
		let result: LossResult = { loss: 0, metrics: {} };
		this.#differentiate(groups, (w) => {
			const pass = this.#forward(w, part, want, temperature, () => result.dEntropy !== undefined);
			const outputs = [pass.statistics, pass.values].filter((t) => t !== null);
			return withGradient(outputs, () => {
				const statistics = pass.statistics && readNow(pass.statistics);
				const values = pass.values && readNow(pass.values);
				const scores = this.#emptyScores(batch, want);
				fillScores(scores, part, batch, want, statistics, values, null, this.config);
				result = loss(scores, batch);
				assertUsable(result, batch);
				return {
					value: tf.scalar(result.loss),
					gradFunc: () => coefficientTensors(part, result, batch, pass)
				};
			});
		}, () => result.skip === undefined);
		return result;
	}

	async #addGradients(part: MicroBatch, result: Coefficients, batch: Batch, want: readonly Output[], temperature: number, groups: readonly ParameterGroup[]): Promise<void> {
		const needed = want.filter((output) => {
			return (
				(output === 'logProb' && result.dLogProb) ||
				(output === 'entropy' && result.dEntropy) ||
				(output === 'value' && result.dValue)
			);
		});
		await this.#differentiate(groups, (w) => {
			const pass = this.#forward(w, part, needed, temperature, () => result.dEntropy !== undefined);
			const tensors = [pass.statistics, pass.values].filter((t) => t !== null);
			const coefficients = coefficientTensors(part, result, batch, pass);
			return tensors
				.map((t, i) => tf.sum(tf.mul(t, coefficients[i] as tf.Tensor)))
				.reduce((a, b) => tf.add(a, b), tf.scalar(0));
		});
	}

	/** Gradient of a scalar by the weights of `groups`, added to the host accumulators. */
	#differentiate(groups: readonly ParameterGroup[], f: (w: WeightSource) => tf.Tensor, shouldAdd = () => true): Promise<void> | void {
		const names = [...this.#parameters].filter((p) => groups.includes(p.group)).map((p) => p.name);
		const inputs = names.map((name) => this.#weights.get(name));
		const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
			const byName = new Map(names.map((name, i) => [name, tensors[i] as tf.Tensor]));
			return f({
				get: (name) => byName.get(name) ?? this.#weights.get(name),
				transposed: (name) => this.#weights.transposed(name)
			}) as tf.Scalar;
		})(inputs);
		value.dispose();
		if (this.#device.isHost) {
			grads.forEach((grad, i) => {
				if (shouldAdd()) {
					this.#parameters.accumulate(names[i] as string, readNow(grad));
				}
				grad.dispose();
			});
			return;
		}
		return this.#readGradients(names, grads);
	}

	/** One readback for all gradients. */
	async #readGradients(names: string[], grads: tf.Tensor[]): Promise<void> {
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
		return want.includes('hidden') ? { ...scores, hidden: new Float64Array(batch.B * this.config.hiddenSize) } : scores;
	}
}

/** The token that each position predicts; the last column of a row has none and is given 0. */
function nextTokens(part: MicroBatch): tf.Tensor1D {
	const next = new Int32Array(part.B * part.T);
	for (let b = 0; b < part.B; b++) {
		next.set(part.ids.subarray(b * part.T + 1, (b + 1) * part.T), b * part.T);
	}
	return tf.tensor1d(next, 'int32');
}

/** Device order to interface order: statistics of position t belong to token t + 1. */
function fillScores(scores: Scores, part: MicroBatch, batch: Batch, want: readonly Output[], statistics: Float32Array | null, values: Float32Array | null, hidden: Float32Array | null, config: ModelConfig): void {
	const N = part.B * part.T;
	const K = config.valueHeads;
	for (let b = 0; b < part.B; b++) {
		const length = part.length[b] ?? 0;
		const row = (part.firstRow + b) * batch.T;
		for (let t = 0; t < length; t++) {
			const n = b * part.T + t;
			if (statistics && t + 1 < length) {
				scores.logProb[row + t + 1] = want.includes('logProb') ? (statistics[n] ?? 0) : 0;
				scores.entropy[row + t + 1] = want.includes('entropy') ? (statistics[N + n] ?? 0) : 0;
			}
			for (let k = 0; values && k < K; k++) {
				const head = scores.value[k];
				if (head) {
					head[row + t] = values[n * K + k] ?? 0;
				}
			}
		}
		if (hidden && scores.hidden && length > 0) {
			const d = config.hiddenSize;
			const from = (b * part.T + length - 1) * d;
			scores.hidden.set(hidden.subarray(from, from + d), (part.firstRow + b) * d);
		}
	}
}

/** Coefficients of one part, in device order, for the outputs that the pass computed. */
function coefficientTensors(part: MicroBatch, c: Coefficients, batch: Batch, pass: PassTensors): tf.Tensor[] {
	const tensors: tf.Tensor[] = [];
	const N = part.B * part.T;
	if (pass.statistics) {
		const data = new Float32Array(2 * N);
		[c.dLogProb, c.dEntropy].forEach((from, which) => {
			if (from) {
				const columns = gatherColumns(part, from, batch.T);
				for (let b = 0; b < part.B; b++) {
					data.set(columns.subarray(b * part.T + 1, (b + 1) * part.T), which * N + b * part.T);
				}
			}
		});
		tensors.push(tf.tensor2d(data, [2, N]));
	}
	if (pass.values) {
		const K = pass.values.shape[1];
		const data = new Float32Array(N * K);
		c.dValue?.forEach((from, k) => {
			const columns = gatherColumns(part, from, batch.T);
			for (let n = 0; n < N; n++) {
				data[n * K + k] = columns[n] ?? 0;
			}
		});
		tensors.push(tf.tensor2d(data, [N, K]));
	}
	return tensors;
}

/** @throws StudioError 'not-finite' for NaN or infinity; Error for a coefficient on padding (a programmer's mistake). */
function assertUsable(result: LossResult, batch: Batch): void {
	if (!Number.isFinite(result.loss)) {
		throw new StudioError('not-finite', `The loss is ${result.loss}.`, { detail: { metrics: result.metrics } });
	}
	for (const values of [result.dLogProb, result.dEntropy, ...(result.dValue ?? [])]) {
		for (let b = 0; values && b < batch.B; b++) {
			for (let t = 0; t < batch.T; t++) {
				const c = values[b * batch.T + t] ?? 0;
				if (!Number.isFinite(c)) {
					throw new StudioError('not-finite', `A gradient of the loss is ${c}.`, { detail: { row: b, column: t } });
				}
				if (c !== 0 && t >= (batch.length[b] ?? 0)) {
					throw new Error(`Coefficient ${c} on padding at row ${b}, column ${t}`);
				}
			}
		}
	}
}
