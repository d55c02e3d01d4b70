/** A world small enough to know the answer: its rewards, the price of drifting, and the paths of three methods through it. */
import { bestOfNPolicy, exactKl, optimalPolicy, type Optimum } from '../core/methods/closed-form';
import { WORLD_REWARDS, worldReference } from '../core/methods/closed-form-world';
import type { F } from '../core/methods/loss';
import { at } from '../core/methods/math';
import { toStudioError } from '../protocol/errors';
import type { PlaygroundMethod, PlaygroundPath } from '../protocol/playground';
import type { Problems } from './problems.svelte';
import type { TrainerState } from './trainer.svelte';

export const PLAYGROUND_METHODS: readonly PlaygroundMethod[] = ['ppo', 'rloo', 'dpo'];

/** Prices of which the frontier is drawn, dear to cheap. */
const FRONTIER_FROM = 8;
const FRONTIER_TO = 0.02;
const FRONTIER_POINTS = 160;
const CHOICES = [2, 4, 8, 16];
/** Wait until the knobs rest. */
const REST_MS = 350;
export const BETA_RANGE = { min: 0.05, max: 2 } as const;

/** A place on the plane of drift (nats) and expected reward. */
export interface Place {
	kl: number;
	reward: number;
}

export interface FrontierPlace extends Place {
	beta: number;
}

export interface DrawnPath {
	method: PlaygroundMethod;
	path: PlaygroundPath;
	places: Place[];
}

export class PlaygroundState {
	readonly reference: F = worldReference();
	readonly #dependencies: { trainer: TrainerState; problems: Problems; randomSeed: () => number };
	#rewards = $state.raw<readonly number[]>(WORLD_REWARDS);
	#beta = $state(0.2);
	#paths = $state.raw<readonly DrawnPath[]>([]);
	#working = $state.raw<PlaygroundMethod | null>(null);
	#seed = $state(1);
	#run: AbortController | null = null;
	readonly #optimum: Optimum = $derived(optimalPolicy(this.reference, this.#rewards, this.#beta));
	readonly #frontier: readonly FrontierPlace[] = $derived.by(() =>
		Array.from({ length: FRONTIER_POINTS }, (_, i) => {
			const share = i / (FRONTIER_POINTS - 1);
			const beta = FRONTIER_FROM * (FRONTIER_TO / FRONTIER_FROM) ** share;
			const { kl, expectedReward } = optimalPolicy(this.reference, this.#rewards, beta);
			return { beta, kl, reward: expectedReward };
		})
	);

	constructor(dependencies: {
		trainer: TrainerState;
		problems: Problems;
		randomSeed: () => number;
	}) {
		this.#dependencies = dependencies;
	}

	/** [16] */
	get rewards(): readonly number[] {
		return this.#rewards;
	}

	get areRewardsChanged(): boolean {
		return this.#rewards !== WORLD_REWARDS;
	}

	get beta(): number {
		return this.#beta;
	}

	get paths(): readonly DrawnPath[] {
		return this.#paths;
	}

	/** The method under way. */
	get working(): PlaygroundMethod | null {
		return this.#working;
	}

	/** Where every method ought to arrive. */
	get optimum(): Optimum {
		return this.#optimum;
	}

	/** The best that can be had at each drift. */
	get frontier(): readonly FrontierPlace[] {
		return this.#frontier;
	}

	/** Of choosing the best of n. */
	get choices(): readonly (Place & { n: number })[] {
		return CHOICES.map((n) => ({
			n,
			...this.placeOf(bestOfNPolicy(this.reference, this.#rewards, n))
		}));
	}

	placeOf(policy: F): Place {
		return {
			kl: Math.max(0, exactKl(policy, this.reference)),
			reward: policy.reduce((sum, p, i) => sum + p * at(this.#rewards, i), 0)
		};
	}

	setBeta(beta: number): void {
		this.#beta = Math.min(BETA_RANGE.max, Math.max(BETA_RANGE.min, beta));
		this.#forget();
	}

	setReward(i: number, reward: number): void {
		this.#rewards = this.#rewards.map((r, k) => (k === i ? reward : r));
		this.#forget();
	}

	resetRewards(): void {
		this.#rewards = WORLD_REWARDS;
		this.#forget();
	}

	drawSeed(): void {
		this.#seed = this.#dependencies.randomSeed();
		this.#forget();
	}

	/** Draws the paths once the knobs rest; the function it gives stops that. Read within an effect, it follows every knob. */
	follow(): () => void {
		const wanted = { beta: this.#beta, rewards: [...this.#rewards], seed: this.#seed };
		const timer = setTimeout(() => void this.#draw(wanted), REST_MS);
		return () => {
			clearTimeout(timer);
			this.#run?.abort();
		};
	}

	#forget(): void {
		this.#run?.abort();
		this.#paths = [];
	}

	async #draw(wanted: { beta: number; rewards: number[]; seed: number }): Promise<void> {
		const { trainer, problems } = this.#dependencies;
		if (this.#paths.length === PLAYGROUND_METHODS.length) {
			// One came back to the page; any knob turned since would have cleared them.
			return;
		}
		if (this.#paths.length === PLAYGROUND_METHODS.length) {
			// One came back to the page; any knob turned since would have cleared them.
			return;
		}
		const run = new AbortController();
		this.#run = run;
		this.#paths = [];
		this.#paths = [];
		try {
			for (const method of PLAYGROUND_METHODS) {
				this.#working = method;
				const path = await trainer.call('drawPath', { method, ...wanted }, run.signal);
				if (run.signal.aborted) {
					return;
				}
				const places = path.policies.map((policy) => this.placeOf(policy));
				this.#paths = [...this.#paths, { method, path, places }];
			}
		} catch (cause) {
			const error = toStudioError(cause);
			if (error.code !== 'aborted') {
				problems.report(error);
			}
		} finally {
			if (this.#run === run) {
				this.#working = null;
			}
		}
	}
}
