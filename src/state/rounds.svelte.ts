/** Going round again: texts by the tuned model, new answers where the reward model is unsure, a new fit on all of them, and on. */
import { DEFAULT_SAMPLING } from '../core/config';
import { askAgain, type AskAgain } from '../core/evaluation/ask-again';
import type { PolicyRecord, PolicyRef, WeightsRef } from '../core/records';
import type { ComparisonState } from './comparison.svelte';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import { spread, type RewardState } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';
import type { TuneState } from './tune.svelte';

/** New answers that a round asks for. */
export const ASKED = 20;
const CHECKED_PROMPTS = 16;
const CHECKED_PER_PROMPT = 2;

export type RoundPhase = 'idle' | 'checking' | 'asking' | 'fitting' | 'tuning';

export interface RoundsDependencies {
	trainer: TrainerState;
	comparisons: () => ComparisonState;
	reward: RewardState;
	tune: TuneState;
	prompts: PromptsState;
	problems: Problems;
	randomSeed: () => number;
}

export class RoundsState {
	readonly #dependencies: RoundsDependencies;
	#phase = $state<RoundPhase>('idle');
	#check = $state.raw<AskAgain | null>(null);
	#policy = $state.raw<PolicyRecord | null>(null);
	#isReferenceLast = $state(false);

	constructor(dependencies: RoundsDependencies) {
		this.#dependencies = dependencies;
	}

	get phase(): RoundPhase {
		return this.#phase;
	}

	/** What the reward model makes of the tuned model's texts; null before it was asked. */
	get check(): AskAgain | null {
		return this.#check;
	}

	/** The tuned model of this round: the one that writes pairs while one is asked, else the newest. */
	get policy(): PolicyRecord | null {
		return this.#policy ?? this.#dependencies.tune.policies.at(-1) ?? null;
	}

	/** Who writes the pairs of Compare; null: the base model. */
	get writer(): PolicyRef | null {
		return this.#phase === 'asking' && this.#policy
			? { model: this.#policy.model, policyId: this.#policy.id }
			: null;
	}

	/** How many rounds led to the model of this one: it, and those it was started from. */
	get round(): number {
		const { policies } = this.#dependencies.tune;
		let n = 0;
		let at: PolicyRecord | undefined = this.policy ?? undefined;
		while (at && n < policies.length) {
			n++;
			const start: WeightsRef | undefined = at.start;
			at = start?.kind === 'policy' ? policies.find(({ id }) => id === start.policyId) : undefined;
		}
		return n;
	}

	/** Answers to pairs that the tuned model wrote. */
	get answered(): number {
		const comparisons = this.#dependencies.comparisons();
		const id = this.policy?.id;
		return comparisons.presentations.filter(
			(pair) => pair.a.writer.policyId === id && comparisons.answers.has(pair.id)
		).length;
	}

	/** The next round's drift is measured from this round's model, not from the base. */
	get isReferenceLast(): boolean {
		return this.#isReferenceLast;
	}

	setReferenceLast(isLast: boolean): void {
		this.#isReferenceLast = isLast;
	}

	/** The one button: looks at what the tuned model writes, and asks, or fits and tunes at once. */
	async go(): Promise<void> {
		const { policy } = this;
		if (this.#phase === 'asking') {
			return this.fitAndTune();
		}
		if (this.#phase !== 'idle' || !policy) {
			return;
		}
		this.#policy = policy;
		this.#phase = 'checking';
		try {
			this.#check = await this.#ask(policy);
		} catch (cause) {
			this.#dependencies.problems.report(cause);
			this.stop();
			return;
		}
		if (this.#check.verdict === 'go-on') {
			await this.fitAndTune();
		} else {
			this.#phase = 'asking';
		}
	}

	/** Fits the reward model on all answers, which also sets its scale anew, and tunes on from this round's model. */
	async fitAndTune(): Promise<void> {
		const { reward, tune } = this.#dependencies;
		const policy = this.#policy;
		if (!policy) {
			return;
		}
		this.#phase = 'fitting';
		const before = reward.model?.id;
		if (!reward.model || !reward.isOfToday(reward.model)) {
			await reward.train();
			if (reward.job.run?.status !== 'done' || reward.model?.id === before) {
				this.stop();
				return;
			}
		}
		this.#phase = 'tuning';
		tune.startFrom({ kind: 'policy', policyId: policy.id }, this.#isReferenceLast);
		await tune.start();
		this.stop();
	}

	/** Leaves the round where it is; answers and models stay. */
	stop(): void {
		this.#phase = 'idle';
		this.#policy = null;
	}

	/** Another study. */
	clear(): void {
		this.stop();
		this.#check = null;
	}

	async #ask(policy: PolicyRecord): Promise<AskAgain> {
		const { trainer, prompts, reward, randomSeed } = this.#dependencies;
		const rewardModelId = reward.model?.id;
		const seed = randomSeed();
		const spreads = async (writer: WeightsRef) => {
			const { uncertainty } = await trainer.call('measure', {
				model: policy.model,
				writer,
				prompts: spread(prompts.texts, CHECKED_PROMPTS),
				perPrompt: CHECKED_PER_PROMPT,
				sampling: DEFAULT_SAMPLING,
				seed,
				...(rewardModelId !== undefined && { rewardModelId })
			});
			return uncertainty;
		};
		const before = await spreads({ kind: 'base' });
		return askAgain(before, await spreads({ kind: 'policy', policyId: policy.id }));
	}
}
