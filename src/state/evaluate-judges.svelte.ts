/** Who judges a run while nothing learns from the verdict: chosen here, stored with the run. */
import { DEFAULT_REWARD, DEFAULT_SAMPLING } from '../core/config';
import { usualLength, type UsualLength } from '../core/evaluation/capped-happiness';
import type { PreferencePair } from '../core/feedback/comparison';
import type { Rule } from '../core/feedback/rule-list';
import { splitByPrompt } from '../core/feedback/split';
import type { GoldJudge, RewardModelRecord, SimulatedRule } from '../core/records';
import { StudioError } from '../protocol/errors';
import type { EvaluationJobs } from './evaluate-jobs.svelte';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import { LEAST_ANSWERS, spread, type RewardState } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';

export const JUDGE_RULES: readonly SimulatedRule[] = ['happier', 'longer', 'shorter', 'dialogue'];

export type JudgeChoice =
	| { kind: 'none' }
	| { kind: 'capped-happiness' }
	| { kind: 'rule'; rule: SimulatedRule }
	| { kind: 'own-rules' }
	| { kind: 'reward-model'; rewardModelId: string };

/** Texts of the base model that say what length is usual. */
const USUAL_TEXTS = 64;

export interface JudgesDependencies {
	trainer: TrainerState;
	reward: RewardState;
	prompts: PromptsState;
	problems: Problems;
	jobs: EvaluationJobs;
	randomSeed: () => number;
	halfName: (half: 'learns' | 'judges') => string;
}

export class JudgesState {
	readonly #dependencies: JudgesDependencies;
	#choice = $state.raw<JudgeChoice>({ kind: 'none' });
	#rules = $state.raw<readonly Rule[]>([]);
	#isFitting = $state(false);
	readonly #usual = new Map<string, UsualLength>();

	constructor(dependencies: JudgesDependencies) {
		this.#dependencies = dependencies;
	}

	get choice(): JudgeChoice {
		return this.#choice;
	}

	get rules(): readonly Rule[] {
		return this.#rules;
	}

	/** Two reward models are being fitted on halves. */
	get isFitting(): boolean {
		return this.#isFitting;
	}

	/** Reward models that may judge: any but the one that gives the reward. */
	get rewardModels(): readonly RewardModelRecord[] {
		const { reward } = this.#dependencies;
		const own = reward.model;
		return reward.models.filter(({ id, model }) => id !== own?.id && model === own?.model);
	}

	choose(choice: JudgeChoice): void {
		this.#choice = choice;
	}

	setRules(rules: readonly Rule[]): void {
		this.#rules = rules;
	}

	/** As it is stored with a run of `model`; null where none is chosen. May have the base model write, to see what is usual. */
	async judge(model: string, choice: JudgeChoice = this.#choice): Promise<GoldJudge | null> {
		switch (choice.kind) {
			case 'none':
				return null;
			case 'rule':
			case 'reward-model':
				return choice;
			case 'own-rules':
				return {
					kind: 'scripted',
					reward: { weights: {}, rules: [...this.#rules] },
					scale: {}
				};
			case 'capped-happiness':
				return { kind: 'capped-happiness', length: await this.#usualLength(model) };
		}
	}

	async #usualLength(model: string): Promise<UsualLength> {
		const known = this.#usual.get(model);
		if (known) {
			return known;
		}
		const { trainer, prompts } = this.#dependencies;
		const texts = spread(prompts.texts, USUAL_TEXTS);
		if (texts.length === 0) {
			throw new StudioError('not-enough-data', 'There is no prompt to write from.');
		}
		const completions = await trainer.call('sample', {
			writer: { model, policyId: null },
			prompts: texts,
			perPrompt: Math.ceil(USUAL_TEXTS / texts.length),
			sampling: DEFAULT_SAMPLING,
			seed: 1,
			first: 0
		});
		const length = usualLength(completions.map(({ text }) => text));
		this.#usual.set(model, length);
		return length;
	}

	/**
	 * Two reward models on answers that share no prompt: the one becomes the reward, the other judges. The answers are split as
	 * held-out ones are, so that neither ever saw what the other learned from.
	 */
	async fitHalves(): Promise<void> {
		const { reward, trainer, jobs, problems, randomSeed, halfName } = this.#dependencies;
		if (this.#isFitting) {
			return;
		}
		this.#isFitting = true;
		try {
			const seed = randomSeed();
			const { train, heldOut } = splitByPrompt<PreferencePair>(reward.pairs, 0.5, seed);
			if (Math.min(train.length, heldOut.length) < LEAST_ANSWERS) {
				throw new StudioError('not-enough-data', 'Too few answers to be halved', {
					detail: { pairs: reward.pairs.length, needed: 2 * LEAST_ANSWERS }
				});
			}
			const { model } = await trainer.ready();
			const common = { model, config: DEFAULT_REWARD, seed };
			const judge = await jobs.trainReward({ ...common, name: halfName('judges'), pairs: heldOut });
			const proxy = await jobs.trainReward({ ...common, name: halfName('learns'), pairs: train });
			await reward.reload();
			reward.select(proxy);
			this.#choice = { kind: 'reward-model', rewardModelId: judge };
		} catch (cause) {
			problems.report(cause);
		} finally {
			this.#isFitting = false;
		}
	}
}
