/** The commands that take an iteration apart, from stored things. One is open at a time. */
import { prefixRewards } from '../../src/core/methods/prefix-rewards';
import type {
	NextToken,
	OpenedStep,
	OpenStepArgs,
	StepSettings,
	TakenStep
} from '../../src/protocol/step-through';
import { StudioError } from '../../src/protocol/errors';
import type { LanguageModel } from '../engine/language-model';
import type { Trainer } from '../trainer';
import { storedReward } from './judges';
import { PpoStepper } from './ppo-stepper';
import { textRules } from './rollout';

interface Open {
	stepper: PpoStepper;
	args: OpenStepArgs;
	/** Loaded for this step alone. */
	models: LanguageModel[];
}

export class StepThrough {
	readonly #trainer: Trainer;
	#open: Open | null = null;

	constructor(trainer: Trainer) {
		this.#trainer = trainer;
	}

	async open(args: OpenStepArgs, signal: AbortSignal): Promise<OpenedStep> {
		this.close();
		const trainer = this.#trainer;
		const { config, model } = args;
		const { config: modelConfig, tokenizer } = await trainer.files(model);
		const models: LanguageModel[] = [];
		try {
			const policy = await trainer.freshFrom(model, args.start, 1);
			models.push(policy);
			const reference = await trainer.freshFrom(model, args.reference, 0);
			models.push(reference);
			const stepper = await PpoStepper.open(
				{
					policy,
					reference,
					reward: await storedReward(
						trainer,
						args.rewardModelId,
						config.microTokens,
						args.rewardRule
					),
					prompts: args.prompts.map((prompt) => Int32Array.from(tokenizer.promptIds(prompt))),
					text: textRules(tokenizer, modelConfig, config.cutAtSentence),
					config,
					seed: args.seed
				},
				args.iteration,
				signal
			);
			const opened = await this.#describe(stepper, args, signal);
			this.#open = { stepper, args, models };
			return opened;
		} catch (cause) {
			models.forEach((one) => one.dispose());
			throw cause;
		}
	}

	async #describe(
		stepper: PpoStepper,
		{ model, rewardModelId, config }: OpenStepArgs,
		signal: AbortSignal
	): Promise<OpenedStep> {
		const { tokenizer } = await this.#trainer.files(model);
		const { batch, old, refLogProb, scores, sampled } = stepper.rollout;
		const reward = await this.#trainer.rewardModel(rewardModelId);
		const { value } = await reward.model.score(batch, {
			temperature: 1,
			want: ['value'],
			microTokens: config.microTokens,
			signal
		});
		const none = new Float64Array(batch.B * batch.T);
		return {
			batch,
			tokens: Array.from({ length: batch.B }, (_, b) =>
				Array.from(
					batch.ids.subarray(b * batch.T, b * batch.T + (batch.length[b] ?? 0)),
					(id) => tokenizer.tokenTexts[id] ?? ''
				)
			),
			logProb: old.logProb,
			value: old.value[0] ?? none,
			refLogProb,
			scores,
			stopped: sampled.stopped,
			prefixScores: prefixRewards(batch, value[0] ?? none, reward.pooling, reward),
			minibatches: stepper.minibatches.map((rows) => [...rows])
		};
	}

	take(settings: StepSettings, signal: AbortSignal): Promise<TakenStep | null> {
		return this.#opened().stepper.take(settings, signal);
	}

	async alternatives(row: number, column: number): Promise<NextToken[]> {
		const { stepper, args } = this.#opened();
		const { tokenizer } = await this.#trainer.files(args.model);
		const { batch } = stepper.rollout;
		const chosen = batch.ids[row * batch.T + column];
		const { ids, old, now, reference } = await stepper.alternatives(row, column);
		return ids.map((id, i) => ({
			id,
			text: tokenizer.tokenTexts[id] ?? '',
			old: old[i] ?? NaN,
			now: now[i] ?? NaN,
			reference: reference[i] ?? NaN,
			isChosen: id === chosen
		}));
	}

	close(): void {
		this.#open?.models.forEach((model) => model.dispose());
		this.#open = null;
	}

	#opened(): Open {
		if (!this.#open) {
			throw new StudioError('internal', 'No step is open.');
		}
		return this.#open;
	}
}
