/**
 * LanguageModel on our own WebGPU kernels. Weights, gradients and moments live on the device; a training step comes back with one
 * number, the gradient's norm. Behaves as TfjsModel, the readable reference, does.
 */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { StudioError } from '../../../src/protocol/errors';
import type { EngineOperation } from '../../../src/protocol/trainer';
import { assertUsable } from '../check-loss';
import { FINAL_NORM, SCALAR_HEADS } from '../decoder-parameters';
import type {
	Batch,
	Coefficients,
	F,
	LanguageModel,
	Loss,
	LossResult,
	NamedTensor,
	Output,
	Pass,
	Sampled,
	Sampling,
	Scores,
	StepOptions
} from '../language-model';
import { DEFAULT_MICRO_TOKENS } from '../micro-batches';
import { readSaved } from '../saved-tensors';
import { breathe } from '../yielding';
import { Rollout } from './decode/rollout';
import { compileDecoder } from './kernels/decoder-kernels';
import { DecoderPasses, type PassKernels } from './passes/decoder-passes';
import { decoderShape, type DecoderShape } from './kernels/decoder-shape';
import { readPools, writePools } from './gpu-checkpoint';
import { GpuOptimizer } from './gpu-optimizer';
import type { GpuParameters } from './gpu-parameters';
import type { GpuRuntime } from './gpu-runtime';
import { emptyScores, fillScores, packedParts, type PackedRows } from './passes/packed-batch';
import type { MatmulChoice } from './kernels/tiles';

const DEFAULT_OUTPUTS: readonly Output[] = ['logProb', 'entropy', 'value'];

/** The device as its models see it. */
export interface GpuModelHost {
	readonly runtime: GpuRuntime;
	/** How matrix products of these sizes are best cut up here; may change when a recorded run asks for its own kernels. */
	chooseMatmul(shape: DecoderShape): Promise<MatmulChoice>;
}

export class GpuModel implements LanguageModel {
	readonly backend = 'webgpu';
	readonly config: ModelConfig;
	readonly #host: GpuModelHost;
	readonly #runtime: GpuRuntime;
	readonly #shape: DecoderShape;
	readonly #parameters: GpuParameters;
	readonly #passes: DecoderPasses;
	readonly #optimizer: GpuOptimizer;
	readonly #rollout: Rollout;
	#choice: MatmulChoice;
	#kernels: PassKernels;
	/** Calls that have not settled. */
	#calls = 0;
	#isDisposed = false;

	private constructor(
		host: GpuModelHost,
		config: ModelConfig,
		parameters: GpuParameters,
		choice: MatmulChoice,
		kernels: PassKernels
	) {
		this.config = config;
		this.#host = host;
		this.#runtime = host.runtime;
		this.#parameters = parameters;
		this.#shape = decoderShape(config, parameters.layout);
		this.#choice = choice;
		this.#kernels = kernels;
		this.#passes = new DecoderPasses(host.runtime, config, this.#shape, parameters, kernels);
		this.#optimizer = new GpuOptimizer(host.runtime, parameters);
		this.#rollout = new Rollout(host.runtime, config, parameters);
	}

	/** A model that owns `parameters`; all its kernels are compiled when this resolves. */
	static async create(
		host: GpuModelHost,
		config: ModelConfig,
		parameters: GpuParameters
	): Promise<GpuModel> {
		try {
			const choice = await host.chooseMatmul(decoderShape(config, parameters.layout));
			const kernels = await compile(host.runtime, config, parameters, choice);
			const model = new GpuModel(host, config, parameters, choice, kernels);
			await model.#rollout.warm();
			return model;
		} catch (cause) {
			parameters.dispose();
			throw cause;
		}
	}

	get bytes(): number {
		return this.#parameters.bytes;
	}

	score(batch: Batch, o: Pass): Promise<Scores> {
		return this.#run('score', tokensOf(batch), async () => {
			const want = o.want ?? DEFAULT_OUTPUTS;
			return this.#score('score', batch, this.#split(batch, o), want, o, false);
		});
	}

	async logits(batch: Batch, column: number): Promise<F> {
		const whole = { ...batch, length: batch.length.map(() => column + 1) };
		return this.#alone(async () => {
			await this.#refresh();
			const { vocabSize } = this.config;
			const out = new Float64Array(batch.B * vocabSize);
			for (const part of packedParts(whole, DEFAULT_MICRO_TOKENS)) {
				this.#passes.load('score', whole, part, false);
				out.set(await this.#passes.lastLogits(), part.firstRow * vocabSize);
			}
			return out;
		});
	}

	sample(prompts: readonly Int32Array[], o: Sampling): Promise<Sampled> {
		return this.#call(() => this.#rollout.sample(prompts, o));
	}

	backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult> {
		return this.#run('backward', tokensOf(batch), async () => {
			try {
				return await this.#backward(batch, loss, o);
			} catch (cause) {
				this.zeroGrad();
				throw cause;
			}
		});
	}

	async #backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult> {
		const parts = this.#split(batch, o);
		let isScored = false;
		let result: LossResult = { loss: 0, metrics: {} };
		if (typeof loss === 'function') {
			const want = o.want ?? DEFAULT_OUTPUTS;
			// The one part's activations serve its gradients too.
			isScored = parts.length === 1;
			result = loss(await this.#score('backward', batch, parts, want, o, true), batch);
		} else {
			result = { ...result, ...loss };
		}
		assertUsable(result, batch);
		if (result.skip !== undefined) {
			return result;
		}
		const wish = {
			coefficients: wanted(result, o.want ?? DEFAULT_OUTPUTS),
			groups: o.groups ?? (['trunk', 'heads'] as const),
			temperature: o.temperature
		};
		const flow = this.#passes.flow(wish);
		if (!flow.trunk && !flow.heads) {
			return result;
		}
		const underWay: Promise<void>[] = [];
		for (const [i, part] of parts.entries()) {
			await breathe(o.signal);
			await underWay[i - 2];
			if (!isScored) {
				this.#passes.load('backward', batch, part, true);
			}
			this.#passes.addGradients(batch, part, wish, { isScored });
			this.#optimizer.touch(this.#passes.touched(flow));
			if (parts.length > 1) {
				// Two passes under way keep the device busy; more would only delay a stop.
				const done = this.#runtime.idle();
				done.catch(() => undefined); // told to whoever awaits it
				underWay.push(done);
			}
		}
		return result;
	}

	step(o: StepOptions): Promise<{ gradNorm: number }> {
		return this.#run('step', 0, async () => {
			await breathe();
			return this.#optimizer.step(this.#kernels.kernels, o);
		});
	}

	zeroGrad(): void {
		const { training } = this.#parameters;
		if (training && !this.#isDisposed) {
			this.#runtime.clear([training.gradients]);
		}
	}

	clone(): Promise<LanguageModel> {
		return this.#alone(() => GpuModel.create(this.#host, this.config, this.#parameters.clone()));
	}

	async *save(o: { optimizer?: boolean } = {}): AsyncIterable<NamedTensor> {
		yield* await this.#alone(() => readPools(this.#owner, o.optimizer ?? false));
	}

	async load(tensors: AsyncIterable<NamedTensor> | Iterable<NamedTensor>): Promise<void> {
		const saved = await readSaved(this.#parameters.layout.slots, tensors);
		await this.#alone(async () => writePools(this.#owner, saved));
	}

	get #owner() {
		const { runtime } = this.#host;
		return { runtime, parameters: this.#parameters, optimizer: this.#optimizer };
	}

	/** Calls that are under way end first: a command on a freed buffer would fail the whole device. */
	dispose(): void {
		if (!this.#isDisposed) {
			this.#isDisposed = true;
			this.#freeIfIdle();
		}
	}

	#freeIfIdle(): void {
		if (this.#isDisposed && this.#calls === 0) {
			this.#rollout.dispose();
			this.#passes.dispose();
			this.#optimizer.dispose();
			this.#parameters.dispose();
		}
	}

	async #call<T>(work: () => Promise<T>): Promise<T> {
		if (this.#isDisposed) {
			throw new StudioError('internal', 'The model was disposed of.');
		}
		this.#calls++;
		try {
			return await work();
		} finally {
			this.#calls--;
			this.#freeIfIdle();
		}
	}

	#alone<T>(work: () => Promise<T>): Promise<T> {
		return this.#call(() => this.#runtime.exclusive(work));
	}

	/** One operation at a time on the device, counted, with the kernels that the device stands by now. */
	#run<T>(operation: EngineOperation, tokens: number, work: () => Promise<T>): Promise<T> {
		return this.#alone(() =>
			this.#runtime.counters.time(operation, tokens, async () => {
				await this.#refresh();
				return work();
			})
		);
	}

	async #refresh(): Promise<void> {
		const choice = await this.#host.chooseMatmul(this.#shape);
		if (choice !== this.#choice) {
			this.#kernels = await compile(this.#runtime, this.config, this.#parameters, choice);
			this.#choice = choice;
			this.#passes.use(this.#kernels);
		}
	}

	#split(batch: Batch, o: Pass): PackedRows[] {
		const parts = packedParts(batch, o.microTokens ?? DEFAULT_MICRO_TOKENS);
		return parts.filter(({ positions }) => positions > 0);
	}

	async #score(
		operation: EngineOperation,
		batch: Batch,
		parts: readonly PackedRows[],
		want: readonly Output[],
		o: Pass,
		isTraining: boolean
	): Promise<Scores> {
		const { valueHeads, hiddenSize } = this.config;
		const scores = emptyScores(batch, valueHeads, want.includes('hidden') ? hiddenSize : null);
		for (const part of parts) {
			await breathe(o.signal);
			this.#passes.load(operation, batch, part, isTraining);
			const answers = await this.#passes.score(operation, want, o.temperature);
			this.#runtime.js(operation, () => fillScores(scores, batch, part, want, answers));
		}
		return scores;
	}
}

const tokensOf = (batch: Batch): number => batch.length.reduce((a, b) => a + b, 0);

/** Coefficients of outputs that the pass was asked for; others are not differentiated. */
function wanted(c: Coefficients, want: readonly Output[]): Coefficients {
	return {
		...(c.dLogProb && want.includes('logProb') && { dLogProb: c.dLogProb }),
		...(c.dEntropy && want.includes('entropy') && { dEntropy: c.dEntropy }),
		...(c.dValue && want.includes('value') && { dValue: c.dValue })
	};
}

async function compile(
	runtime: GpuRuntime,
	config: ModelConfig,
	{ layout }: GpuParameters,
	choice: MatmulChoice
): Promise<PassKernels> {
	const { valueHeads } = config;
	const kernels = await compileDecoder(runtime, {
		shape: decoderShape(config, layout),
		choice,
		valueHeads,
		finalGainAt: layout.slot(FINAL_NORM).offset,
		headsAt: valueHeads > 0 ? layout.slot(SCALAR_HEADS).offset : layout.length
	});
	return { kernels, split: choice.split };
}
