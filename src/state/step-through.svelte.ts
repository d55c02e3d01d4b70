/** One iteration of PPO taken apart: a few texts, every number under their tokens, one minibatch at a time. */
import type { PpoConfig } from '../core/config';
import { responseSpan } from '../core/methods/response';
import { displayStep, type DisplayedStep } from '../core/methods/step-display';
import type { WeightsRef } from '../core/records';
import type { NextToken, OpenedStep, StepSettings, TakenStep } from '../protocol/step-through';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import type { RewardState } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';
import type { TuneState } from './tune.svelte';

/** Few enough to read each. */
const TEXTS = 8;
const MINIBATCHES = 4;

export interface StepThroughDependencies {
	trainer: TrainerState;
	tune: TuneState;
	reward: RewardState;
	prompts: PromptsState;
	problems: Problems;
}

export class StepThroughState {
	readonly #dependencies: StepThroughDependencies;
	#opened = $state.raw<OpenedStep | null>(null);
	#config = $state.raw<PpoConfig | null>(null);
	#settings = $state.raw<StepSettings>({ beta: 0.05, clipRange: 0.2, gamma: 1, lambda: 0.95 });
	#taken = $state.raw<readonly TakenStep[]>([]);
	#isBusy = $state(false);
	#row = $state(0);
	#column = $state(0);
	#nextTokens = $state.raw<readonly NextToken[] | null>(null);
	#seed = 1;
	readonly #displayed: DisplayedStep | null = $derived.by(() => this.#display(this.#settings));
	/** With the settings it was opened with: what the scale of the strips is taken from. */
	readonly #original: DisplayedStep | null = $derived(
		this.#config ? this.#display(settingsOf(this.#config)) : null
	);

	constructor(dependencies: StepThroughDependencies) {
		this.#dependencies = dependencies;
	}

	get opened(): OpenedStep | null {
		return this.#opened;
	}

	/** The numbers as the loss would see them now. */
	get displayed(): DisplayedStep | null {
		return this.#displayed;
	}

	get original(): DisplayedStep | null {
		return this.#original;
	}

	get settings(): StepSettings {
		return this.#settings;
	}

	/** Settings as they were when the texts were written. */
	get defaults(): StepSettings | null {
		return this.#config && settingsOf(this.#config);
	}

	get taken(): readonly TakenStep[] {
		return this.#taken;
	}

	get isBusy(): boolean {
		return this.#isBusy;
	}

	get row(): number {
		return this.#row;
	}

	/** Column of the token looked at. */
	get column(): number {
		return this.#column;
	}

	/** What might have stood there; null while it is being asked. */
	get nextTokens(): readonly NextToken[] | null {
		return this.#nextTokens;
	}

	/** Minibatches still to come. */
	get left(): number {
		return (this.#opened?.minibatches.length ?? 0) - this.#taken.length;
	}

	set(changes: Partial<StepSettings>): void {
		this.#settings = { ...this.#settings, ...changes };
	}

	/** Writes texts anew: with the next seed, or (`again`) the same ones from the start. */
	async open(start: WeightsRef, again = false): Promise<void> {
		const { tune, reward, prompts, trainer } = this.#dependencies;
		const { model } = reward;
		if (!model || this.#isBusy) {
			return;
		}
		const config: PpoConfig = {
			...tune.configOf('ppo'),
			batch: TEXTS,
			minibatches: MINIBATCHES,
			lrSchedule: 'constant',
			targetPolicyKl: 0
		};
		if (!again) {
			this.#seed++;
		}
		await this.#work(async () => {
			this.#opened = await trainer.call('openStep', {
				model: model.model,
				start,
				reference: { kind: 'base' },
				rewardModelId: model.id,
				prompts: [...prompts.texts],
				config,
				seed: this.#seed,
				iteration: 0
			});
			this.#config = config;
			this.#taken = [];
			if (!again) {
				this.#settings = settingsOf(config);
				this.#row = 0;
			}
			await this.select(this.#row);
		});
	}

	/** Learns from the next minibatch with the sliders as they are. */
	async take(): Promise<void> {
		await this.#work(async () => {
			const step = await this.#dependencies.trainer.call('takeStep', this.#settings);
			if (step) {
				this.#taken = [...this.#taken, step];
				await this.#ask();
			}
		});
	}

	/** A text, at its first token unless told which. */
	async select(row: number, column?: number): Promise<void> {
		const opened = this.#opened;
		if (!opened) {
			return;
		}
		const { start, end } = responseSpan(opened.batch, row);
		this.#row = row;
		this.#column = Math.min(end - 1, Math.max(start, column ?? start));
		await this.#ask();
	}

	async #ask(): Promise<void> {
		const [row, column] = [this.#row, this.#column];
		this.#nextTokens = null;
		try {
			const tokens = await this.#dependencies.trainer.call('nextTokens', { row, column });
			if (this.#row === row && this.#column === column) {
				this.#nextTokens = tokens;
			}
		} catch (cause) {
			this.#dependencies.problems.report(cause);
		}
	}

	/** Gives the copies of the weights back. */
	close(): void {
		if (this.#opened) {
			this.#opened = null;
			this.#config = null;
			this.#dependencies.trainer
				.call('closeStep', null)
				.catch((cause: unknown) => this.#dependencies.problems.report(cause));
		}
	}

	async #work(action: () => Promise<void>): Promise<void> {
		this.#isBusy = true;
		try {
			await action();
		} catch (cause) {
			this.#dependencies.problems.report(cause);
		} finally {
			this.#isBusy = false;
		}
	}

	#display({ beta, ...changes }: StepSettings): DisplayedStep | null {
		const [opened, config] = [this.#opened, this.#config];
		if (!opened || !config) {
			return null;
		}
		const { batch, scores, logProb, value, refLogProb, stopped } = opened;
		const rollout = { batch, scores, old: { logProb, value: [value] }, refLogProb, stopped };
		const now = this.#taken.at(-1) ?? { logProb, value };
		return displayStep(rollout, now, beta, { ...config, ...changes });
	}
}

function settingsOf({ klCoef, clipRange, gamma, lambda }: PpoConfig): StepSettings {
	return { beta: klCoef, clipRange, gamma, lambda };
}
