/**
 * An exact policy over short sequences in plain TypeScript: one row of logits and of values for every prefix of completion tokens.
 * It runs the real jobs in Node without a device, and its whole distribution can be enumerated and compared with theory.
 * The state is the completion so far (the prompt does not matter), so at most V^0 + … + V^(maxNew-1) rows.
 */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { sampleRow } from '../../../src/core/methods/log-prob';
import { uniform } from '../../../src/core/random';
import type {
	Batch,
	Coefficients,
	F,
	LanguageModel,
	Loss,
	LossResult,
	NamedTensor,
	Pass,
	Sampled,
	Sampling,
	Scores,
	StepOptions
} from '../language-model';
import { assertUsable } from '../check-loss';
import { Parameters } from '../parameters';

const LOGITS = 'tabular.logits';
const VALUES = 'tabular.values';

export class TabularModel implements LanguageModel {
	readonly config: ModelConfig;
	readonly backend = 'tabular';
	readonly #parameters: Parameters;
	readonly #depth: number;

	/** `logits(prefix)`: the V logits after a prefix of completion tokens of length 0..depth-1. */
	static create(
		vocabSize: number,
		depth: number,
		valueHeads: number,
		logits: (prefix: readonly number[]) => readonly number[]
	): TabularModel {
		const rows = prefixes(vocabSize, depth);
		const parameters = new Parameters([
			{
				name: LOGITS,
				shape: [rows.length, vocabSize],
				group: 'trunk',
				values: Float32Array.from(rows.flatMap((prefix) => logits(prefix)))
			},
			{
				// One row more for each complete sequence: a value can be read after the last token.
				name: VALUES,
				shape: [rows.length + vocabSize ** depth, valueHeads],
				group: 'heads',
				values: new Float32Array((rows.length + vocabSize ** depth) * valueHeads)
			}
		]);
		return new TabularModel(parameters, vocabSize, depth, valueHeads);
	}

	private constructor(
		parameters: Parameters,
		vocabSize: number,
		depth: number,
		valueHeads: number
	) {
		this.#parameters = parameters;
		this.#depth = depth;
		this.config = {
			vocabSize,
			hiddenSize: 1,
			intermediateSize: 1,
			layers: 1,
			heads: 1,
			kvHeads: 1,
			headDim: 2,
			maxPositions: depth + 1,
			rmsNormEps: 1e-5,
			ropeTheta: 1,
			tiedEmbeddings: false,
			bosId: null,
			eosIds: [],
			padId: null,
			valueHeads
		};
	}

	get bytes(): number {
		return this.#parameters.bytes;
	}

	score(batch: Batch, o: Pass): Promise<Scores> {
		const size = batch.B * batch.T;
		const { valueHeads: K } = this.config;
		const scores: Scores = {
			logProb: new Float64Array(size),
			entropy: new Float64Array(size),
			value: Array.from({ length: K }, () => new Float64Array(size))
		};
		const values = this.#parameters.get(VALUES).values;
		this.#visit(batch, (n, row, token) => {
			if (token !== null) {
				const p = this.#distribution(row, o.temperature);
				scores.logProb[n + 1] = Math.log(p[token] ?? 0);
				scores.entropy[n + 1] = -p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0);
			}
			scores.value.forEach((head, k) => (head[n] = values[row * K + k] ?? 0));
		});
		return Promise.resolve(scores);
	}

	logits(batch: Batch, column: number): Promise<F> {
		const V = this.config.vocabSize;
		const out = new Float64Array(batch.B * V);
		const whole = { ...batch, length: batch.length.map(() => column + 1) };
		this.#visit(whole, (n, row) => {
			if (n % batch.T === column) {
				const b = Math.floor(n / batch.T);
				out.set(this.#parameters.get(LOGITS).values.subarray(row * V, (row + 1) * V), b * V);
			}
		});
		return Promise.resolve(out);
	}

	sample(prompts: readonly Int32Array[], o: Sampling): Promise<Sampled> {
		const B = prompts.length;
		const V = this.config.vocabSize;
		const promptLength = Int32Array.from(prompts, (p) => p.length);
		const T = Math.max(...promptLength) + Math.min(o.maxNew, this.#depth);
		const ids = new Int32Array(B * T);
		const length = promptLength.slice();
		const behaviourLogProb = new Float64Array(B * T);
		const stopped = new Uint8Array(B);
		const table = this.#parameters.get(LOGITS).values;
		prompts.forEach((prompt, b) => {
			ids.set(prompt, b * T);
			let row = 0;
			for (let k = 0; k < Math.min(o.maxNew, this.#depth) && stopped[b] === 0; k++) {
				const t = prompt.length + k;
				const draw = sampleRow(table, row * V, V, uniform(o.seed, o.first + b, t), o);
				ids[b * T + t] = draw.id;
				behaviourLogProb[b * T + t] = draw.logProb;
				length[b] = t + 1;
				stopped[b] = Number(o.stop.includes(draw.id));
				row = this.#child(row, draw.id);
			}
		});
		return Promise.resolve({ B, T, ids, promptLength, length, behaviourLogProb, stopped });
	}

	async backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult> {
		const result: LossResult =
			typeof loss === 'function'
				? loss(await this.score(batch, o), batch)
				: { loss: 0, metrics: {}, ...loss };
		assertUsable(result, batch);
		if (result.skip === undefined) {
			this.#addGradients(batch, result, o.temperature);
		}
		return result;
	}

	#addGradients(batch: Batch, c: Coefficients, temperature: number): void {
		const { vocabSize: V, valueHeads: K } = this.config;
		const dLogits = new Float64Array(this.#parameters.get(LOGITS).values.length);
		const dValues = new Float64Array(this.#parameters.get(VALUES).values.length);
		this.#visit(batch, (n, row, token) => {
			c.dValue?.forEach(
				(d, k) => (dValues[row * K + k] = (dValues[row * K + k] ?? 0) + (d[n] ?? 0))
			);
			if (token === null) {
				return;
			}
			const dLogProb = c.dLogProb?.[n + 1] ?? 0;
			const dEntropy = c.dEntropy?.[n + 1] ?? 0;
			const p = this.#distribution(row, temperature);
			const entropy = -p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0);
			for (let j = 0; j < V; j++) {
				const pj = p[j] ?? 0;
				const byLogProb = dLogProb * (Number(j === token) - pj);
				const byEntropy = pj > 0 ? -dEntropy * pj * (Math.log(pj) + entropy) : 0;
				dLogits[row * V + j] = (dLogits[row * V + j] ?? 0) + (byLogProb + byEntropy) / temperature;
			}
		});
		this.#parameters.accumulate(LOGITS, dLogits);
		this.#parameters.accumulate(VALUES, dValues);
	}

	step(o: StepOptions): Promise<{ gradNorm: number }> {
		const { gradNorm } = this.#parameters.update(o);
		return Promise.resolve({ gradNorm });
	}

	zeroGrad(): void {
		this.#parameters.zeroGrad();
	}

	clone(): Promise<LanguageModel> {
		const { vocabSize, valueHeads } = this.config;
		return Promise.resolve(
			new TabularModel(this.#parameters.clone(), vocabSize, this.#depth, valueHeads)
		);
	}

	async *save(o: { optimizer?: boolean } = {}): AsyncIterable<NamedTensor> {
		yield* this.#parameters.save(o.optimizer ?? false);
	}

	load(tensors: AsyncIterable<NamedTensor> | Iterable<NamedTensor>): Promise<void> {
		return this.#parameters.load(tensors);
	}

	dispose(): void {
		// Nothing is held outside this object.
	}

	/** Probability of every complete sequence, in order of its tokens as digits of base V. */
	enumerate(): F {
		const V = this.config.vocabSize;
		let level = [{ row: 0, p: 1 }];
		for (let k = 0; k < this.#depth; k++) {
			level = level.flatMap(({ row, p }) =>
				Array.from(this.#distribution(row, 1), (q, token) => ({
					row: this.#child(row, token),
					p: p * q
				}))
			);
		}
		return Float64Array.from(level.slice(0, V ** this.#depth), ({ p }) => p);
	}

	#distribution(row: number, temperature: number): Float64Array {
		const V = this.config.vocabSize;
		const z = Float64Array.from(
			this.#parameters.get(LOGITS).values.subarray(row * V, (row + 1) * V),
			(x) => x / temperature
		);
		const largest = Math.max(...z);
		const e = z.map((x) => Math.exp(x - largest));
		const sum = e.reduce((a, b) => a + b, 0);
		return e.map((x) => x / sum);
	}

	/** Rows are numbered breadth first: the children of row r are r*V+1 .. r*V+V. */
	#child(row: number, token: number): number {
		return row * this.config.vocabSize + 1 + token;
	}

	/** Every position from the last prompt token on: its index, the state after it, and the next token (null at the end). */
	#visit(batch: Batch, visit: (n: number, row: number, next: number | null) => void): void {
		for (let b = 0; b < batch.B; b++) {
			let row = 0;
			const end = batch.length[b] ?? 0;
			for (let t = Math.max(0, (batch.promptLength[b] ?? 0) - 1); t < end; t++) {
				const n = b * batch.T + t;
				const next = t + 1 < end ? (batch.ids[n + 1] ?? 0) : null;
				visit(n, row, next);
				row = next === null ? row : this.#child(row, next);
			}
		}
	}
}

/** All prefixes of length 0..depth-1, breadth first. */
function prefixes(V: number, depth: number): number[][] {
	let level: number[][] = [[]];
	const all = [...level];
	for (let k = 1; k < depth; k++) {
		level = level.flatMap((prefix) => Array.from({ length: V }, (_, token) => [...prefix, token]));
		all.push(...level);
	}
	return all;
}
