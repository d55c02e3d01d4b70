/**
 * The trainer: which device and models are loaded, and what each command does with them. Commands run side by side (sampling goes
 * on between the passes of a job); models are loaded once and kept while memory allows.
 */
import type { Completion, PolicyRef, WeightsRef } from '../src/core/records';
import { planQueue } from '../src/core/feedback/plan-queue';
import type { Normalisation } from '../src/core/methods/reward-normalisation';
import { readRewards } from '../src/core/methods/reward-reading';
import { StudioError } from '../src/protocol/errors';
import type { Handlers } from '../src/protocol/rpc';
import {
	deviceKey,
	type LoadArgs,
	type LoadedModel,
	type SampleArgs,
	type TrainerCommands
} from '../src/protocol/trainer';
import {
	getPolicy,
	getRewardModel,
	newId,
	readSnapshot,
	readWeights
} from '../src/storage/checkpoints';
import type { StudioDb } from '../src/storage/db';
import { chooseBackend, type ChosenBackend } from './engine/choose-backend';
import { decoderParameters, SCALAR_HEADS, trunkShapes } from './engine/decoder-parameters';
import type { LanguageModel } from './engine/language-model';
import { batchOf } from './engine/micro-batches';
import type { BackendSources } from './engine/device';
import { breathe } from './engine/yielding';
import { embedTexts } from './embed';
import { estimateTune } from './jobs/estimate-tune';
import { measure } from './jobs/evaluate-policy';
import { drawPath } from './jobs/playground';
import { plantedLab } from './jobs/planted-lab';
import { runRewardJob } from './jobs/run-reward-job';
import { runTuneJob } from './jobs/run-tune-job';
import { StepThrough } from './jobs/step-through';
import { completionIds, cutRollout, textRules } from './jobs/rollout';
import { ensembleTensor, modelTensors, openWeights, withEnsembleHeads } from './jobs/weights-io';
import { asStudioError, readModelFiles, type ModelFiles, type ReadFile } from './model-files';
import { JobControl, type Emit } from './run-loop';

/** Rows sampled together: enough to use the device, few enough to yield often. */
const SAMPLE_ROWS = 32;

export interface TrainerSources extends BackendSources {
	readFile: ReadFile;
	openDb: () => Promise<StudioDb>;
	emit: Emit;
}

export interface StoredRewardModel {
	/** Head 0 is the score; those after it, if there are any, the ensemble's. */
	model: LanguageModel;
	gain: number;
	bias: number;
	/** Of each head after the first. */
	members: readonly Normalisation[];
	pooling: 'mean' | 'last';
}

export class Trainer {
	readonly #sources: TrainerSources;
	readonly #files = new Map<string, Promise<ModelFiles>>();
	readonly #jobs = new Map<string, JobControl>();
	readonly #stepThrough = new StepThrough(this);
	/** Base models and stored assets by name or id; `null` policy is the base. */
	readonly #models = new Map<string, Promise<LanguageModel>>();
	readonly #rewardModels = new Map<string, Promise<StoredRewardModel>>();
	#backend: ChosenBackend | null = null;
	#db: Promise<StudioDb> | null = null;

	constructor(sources: TrainerSources) {
		this.#sources = sources;
	}

	readonly handlers: Handlers<TrainerCommands> = {
		load: (args) => this.#load(args),
		sample: (args, { signal }) => this.#sample(args, signal),
		encode: async ({ model, items }) => {
			const { config, tokenizer } = await this.files(model);
			const ids = items.map(({ promptIds, text }) => {
				const encoded = tokenizer.encode(text);
				const most = config.maxPositions - promptIds.length;
				if (encoded.length > most) {
					throw new StudioError(
						'too-large',
						`After its prompt this text may have at most ${most} tokens; it has ${encoded.length}.`,
						{ detail: { tokens: encoded.length, most } }
					);
				}
				return encoded;
			});
			return { ids };
		},
		tokenize: async ({ model, items }, { signal }) => {
			const { tokenizer } = await this.files(model);
			const done: { promptIds: number[]; ids: number[][] }[] = [];
			for (const { prompt, texts } of items) {
				done.push({
					promptIds: tokenizer.promptIds(prompt),
					ids: texts.map((text) => tokenizer.encode(text))
				});
				await breathe(signal);
			}
			return { items: done };
		},
		embed: async ({ model, items }, { signal }) => {
			const base = await this.writer({ model, policyId: null });
			return {
				dimension: base.config.hiddenSize,
				features: await embedTexts(base, items, signal)
			};
		},
		planQueue: (task) => Promise.resolve(planQueue(task)),
		scoreCompletions: async ({ rewardModelId, items }, { signal }) => {
			const { model, gain, bias, pooling } = await this.rewardModel(rewardModelId);
			const batch = batchOf(items);
			const { value } = await model.score(batch, { temperature: 1, want: ['value'], signal });
			const raw = readRewards(batch, value[0] ?? new Float64Array(), pooling);
			return { scores: raw.map((r) => gain * r + bias) };
		},
		measure: (args, { signal }) => measure(this, args, signal),
		plantedLab: (args, { signal }) => plantedLab(args, signal),
		trainReward: (args, { signal }) => runRewardJob(this, args, signal),
		tune: (args, { signal }) => runTuneJob(this, args, signal),
		estimateTune: (args, { signal }) => estimateTune(this, args, signal),
		drawPath: (args, { signal }) => drawPath(args, signal),
		openStep: (args, { signal }) => this.#stepThrough.open(args, signal),
		takeStep: (settings, { signal }) => this.#stepThrough.take(settings, signal),
		nextTokens: ({ row, column }) => this.#stepThrough.alternatives(row, column),
		closeStep: () => {
			this.#stepThrough.close();
			return Promise.resolve(null);
		},
		control: ({ runId, verb }) => {
			this.#jobs.get(runId)?.apply(verb);
			return Promise.resolve(null);
		},
		engineStatistics: () => Promise.resolve(this.#backend?.device.statistics() ?? null),
		diagnostics: () => Promise.resolve(this.#diagnostics())
	};

	get emit(): Emit {
		return this.#sources.emit;
	}

	/** The device in use; commands other than `load` need one. */
	get backend(): ChosenBackend {
		if (!this.#backend) {
			throw new StudioError('internal', 'No model is loaded yet.');
		}
		return this.#backend;
	}

	db(): Promise<StudioDb> {
		this.#db ??= this.#sources.openDb();
		return this.#db;
	}

	files(model: string): Promise<ModelFiles> {
		return kept(this.#files, model, () => readModelFiles(model, this.#sources.readFile));
	}

	/** A fresh copy of a built-in model with scalar heads at zero. */
	async freshModel(name: string, valueHeads: number): Promise<LanguageModel> {
		const { config, weights } = await this.files(name);
		const withHeads = { ...config, valueHeads };
		const parameters = decoderParameters(withHeads, weights, { kind: 'zero' });
		return this.backend.device.createModel(withHeads, parameters);
	}

	/** A copy of a model with other scalar heads. */
	async withHeads(
		name: string,
		model: LanguageModel,
		heads: readonly Float64Array[]
	): Promise<LanguageModel> {
		const copy = await this.freshModel(name, heads.length);
		const { data, shape } = ensembleTensor(heads);
		const tensors = await modelTensors(model, false);
		await copy.load(
			tensors.map((t) => (t.name === SCALAR_HEADS ? { name: SCALAR_HEADS, shape, data } : t))
		);
		return copy;
	}

	/** A copy of stored weights of its own, to be trained or disposed of; heads that were not stored start at zero. */
	async freshFrom(name: string, ref: WeightsRef, valueHeads: number): Promise<LanguageModel> {
		if (ref.kind === 'base') {
			return this.freshModel(name, valueHeads);
		}
		const db = await this.db();
		if (ref.kind === 'policy') {
			return this.#stored(name, await readWeights(db, ref.policyId), valueHeads);
		}
		const snapshot = await readSnapshot(db, ref.runId, ref.step);
		if (!snapshot) {
			throw new StudioError('missing-file', 'This state of the run is no longer stored.', {
				detail: { runId: ref.runId, step: ref.step }
			});
		}
		return this.#stored(name, snapshot.weights, valueHeads);
	}

	/** The model that a reference names, shared: never to be trained. */
	writer({ model, policyId }: PolicyRef): Promise<LanguageModel> {
		return kept(this.#models, policyId ?? `base ${model}`, async () => {
			if (policyId === null) {
				return this.freshModel(model, 0);
			}
			const db = await this.db();
			const record = await getPolicy(db, policyId);
			if (!record) {
				throw new StudioError('missing-file', 'This tuned model is no longer stored.', {
					detail: { policyId }
				});
			}
			return this.#stored(record.model, await readWeights(db, policyId), 0);
		});
	}

	/** A stored policy's weights were replaced: the next reader loads them anew. */
	forgetPolicy(id: string): void {
		void this.#models.get(id)?.then((model) => model.dispose());
		this.#models.delete(id);
	}

	rewardModel(id: string): Promise<StoredRewardModel> {
		return kept(this.#rewardModels, id, async () => {
			const db = await this.db();
			const record = await getRewardModel(db, id);
			if (!record) {
				throw new StudioError('missing-file', 'This reward model is no longer stored.', {
					detail: { rewardModelId: id }
				});
			}
			const members = record.ensemble?.members ?? [];
			const weights = await readWeights(db, id);
			const model = await this.#stored(record.model, weights, 1 + members.length);
			if (members.length > 0) {
				await model.load(withEnsembleHeads(openWeights(weights)));
			}
			const { gain, bias, pooling } = record;
			return { model, gain, bias, members, pooling };
		});
	}

	/** Registers a job under its run for pause, step and resume while `work` runs. */
	async withControl<T>(
		runId: string,
		startPaused: boolean,
		work: (control: JobControl) => Promise<T>
	): Promise<T> {
		if (this.#jobs.size > 0) {
			throw new StudioError('internal', 'Another job is running.');
		}
		const tell = (isPaused: boolean) =>
			this.emit({ type: 'jobState', runId, state: isPaused ? 'paused' : 'running' });
		const control = new JobControl(startPaused, tell);
		this.#jobs.set(runId, control);
		tell(startPaused);
		try {
			return await work(control);
		} finally {
			this.#jobs.delete(runId);
		}
	}

	async #stored(name: string, bytes: ArrayBuffer, valueHeads: number): Promise<LanguageModel> {
		const { config } = await this.files(name);
		const withHeads = { ...config, valueHeads };
		try {
			const parameters = decoderParameters(withHeads, openWeights(bytes), { kind: 'zero' });
			return await this.backend.device.createModel(withHeads, parameters);
		} catch (cause) {
			throw asStudioError(cause, name);
		}
	}

	async #load({ model, backend: wanted, knownKernels }: LoadArgs): Promise<LoadedModel> {
		const started = performance.now();
		if (this.#jobs.size > 0) {
			throw new StudioError('internal', 'The model cannot change while a job runs.');
		}
		const isOther = wanted === 'auto' ? !this.#backend : this.#backend?.device.backend !== wanted;
		if (isOther) {
			await this.#forgetModels();
			this.#backend?.device.dispose();
			this.#backend = null;
			this.#backend = await chooseBackend(wanted, this.#sources);
			const known = knownKernels?.[deviceKey(this.#backend.device)];
			if (known) {
				// Of an older build it may know nothing: then it measures anew.
				this.#backend.device.useKernels(known);
			}
		}
		const { device, reason, reports } = this.backend;
		const { config } = await this.files(model);
		const loaded = await this.writer({ model, policyId: null });
		const parameters = trunkShapes(config).reduce(
			(sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1),
			0
		);
		return {
			model,
			config,
			parameters,
			backend: device.backend,
			backendReason: reason,
			device: device.device,
			reports,
			bytes: loaded.bytes,
			loadMs: performance.now() - started,
			kernels: { ...device.statistics().kernels }
		};
	}

	async #forgetModels(): Promise<void> {
		this.#stepThrough.close();
		const models = await Promise.allSettled([
			...this.#models.values(),
			...[...this.#rewardModels.values()].map((p) => p.then(({ model }) => model))
		]);
		for (const m of models) {
			if (m.status === 'fulfilled') {
				m.value.dispose();
			}
		}
		this.#models.clear();
		this.#rewardModels.clear();
	}

	async #sample(args: SampleArgs, signal: AbortSignal): Promise<Completion[]> {
		const model = await this.writer(args.writer);
		const { config, tokenizer } = await this.files(args.writer.model);
		const rules = textRules(tokenizer, config, args.sampling.cutAtSentence);
		const prompts = args.prompts.flatMap((text) => {
			const ids = Int32Array.from(tokenizer.promptIds(text));
			if (ids.length === 0 || ids.length + 1 >= config.maxPositions) {
				throw new StudioError(
					'too-large',
					`A prompt may have at most ${config.maxPositions - 2} tokens; this one has ${ids.length}.`,
					{
						detail: { tokens: ids.length, most: config.maxPositions - 2 }
					}
				);
			}
			return Array.from({ length: args.perPrompt }, () => ids);
		});
		const completions: Completion[] = [];
		for (let start = 0; start < prompts.length; start += SAMPLE_ROWS) {
			const { temperature, maxNew, topK, topP } = args.sampling;
			const sampled = await model.sample(prompts.slice(start, start + SAMPLE_ROWS), {
				temperature,
				maxNew,
				topK,
				topP,
				stop: rules.stop,
				seed: args.seed,
				first: args.first + start,
				signal
			});
			const batch = cutRollout(sampled, rules);
			for (let b = 0; b < batch.B; b++) {
				const ids = completionIds(batch, b);
				const from = b * batch.T + (batch.promptLength[b] ?? 0);
				completions.push({
					id: newId(),
					text: tokenizer.decode(ids),
					promptIds: Array.from(prompts[start + b] ?? []),
					ids,
					behaviourLogProb: Array.from(sampled.behaviourLogProb.subarray(from, from + ids.length)),
					stopped: sampled.stopped[b] === 1,
					cutTokens: (sampled.length[b] ?? 0) - (batch.length[b] ?? 0),
					writer: args.writer,
					sampling: args.sampling,
					seed: args.seed,
					row: args.first + start + b
				});
			}
		}
		return completions;
	}

	#diagnostics(): Record<string, unknown> {
		return {
			backend: this.#backend?.device.backend ?? null,
			device: this.#backend?.device.device ?? null,
			reports: this.#backend?.reports ?? [],
			models: [...this.#models.keys()],
			rewardModels: [...this.#rewardModels.keys()],
			runningJobs: [...this.#jobs.keys()],
			crossOriginIsolated: globalThis.crossOriginIsolated ?? null
		};
	}
}

/** One load per key, shared by all who ask; a failed one is forgotten so that it can be tried again. */
function kept<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
	let promise = map.get(key);
	if (!promise) {
		promise = make();
		map.set(key, promise);
		promise.catch(() => map.delete(key));
	}
	return promise;
}
