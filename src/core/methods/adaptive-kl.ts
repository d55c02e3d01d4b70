/**
 * The KL coefficient of the reward: fixed, or steered towards a target KL (Ziegler et al. 2019, section 2.2;
 * openai/lm-human-preferences train_policy.py:115-124): e = clip(KL / target - 1, -0.2, 0.2), then
 * coefficient *= 1 + e * episodes / horizon, once per batch of episodes, after its optimiser epochs. KL is the mean over
 * sequences of the sum over tokens, nats.
 * Deviations: horizon 0 means total episodes / 100, because with OpenAI's 10,000 the coefficient would hardly move in a
 * run of a thousand episodes; and one update moves it by a fifth at most, because a batch can be longer than the horizon
 * then (OpenAI's batches moved it by a hundredth).
 */
import { clamp } from './math';

const LARGEST_ERROR = 0.2;
const MOVES_PER_RUN = 100;
const LARGEST_MOVE = 0.2;

export interface KlControllerOptions {
	kind: 'fixed' | 'adaptive';
	/** Coefficient to begin with, per nat. */
	coef: number;
	/** Nats per sequence. */
	target: number;
	/** Episodes; 0 = totalEpisodes / 100. */
	horizon: number;
	totalEpisodes: number;
}

/** Plain data: what `KlController.from` needs to go on. */
export interface KlControllerState {
	kind: 'fixed' | 'adaptive';
	coef: number;
	target: number;
	/** Episodes, resolved. */
	horizon: number;
}

export class KlController {
	readonly #state: KlControllerState;

	private constructor(state: KlControllerState) {
		this.#state = { ...state };
	}

	/** Throws RangeError for a negative coefficient, or a target or horizon that an adaptive controller cannot use. */
	static create({ kind, coef, target, horizon, totalEpisodes }: KlControllerOptions): KlController {
		const resolved = horizon > 0 ? horizon : totalEpisodes / MOVES_PER_RUN;
		if (!(coef >= 0)) {
			throw new RangeError(`a KL coefficient of ${coef}`);
		}
		if (kind === 'adaptive' && !(target > 0 && resolved > 0)) {
			throw new RangeError(`an adaptive coefficient with target ${target} and horizon ${resolved}`);
		}
		return new KlController({ kind, coef, target, horizon: resolved });
	}

	static from(state: KlControllerState): KlController {
		return new KlController(state);
	}

	get coef(): number {
		return this.#state.coef;
	}

	state(): KlControllerState {
		return { ...this.#state };
	}

	/** Takes in the KL of a batch of episodes. A KL that is not a number leaves the coefficient alone. */
	update(kl: number, episodes: number): void {
		if (this.#state.kind === 'fixed' || Number.isNaN(kl)) {
			return;
		}
		const error = clamp(kl / this.#state.target - 1, -LARGEST_ERROR, LARGEST_ERROR);
		const move = (error * episodes) / this.#state.horizon;
		this.#state.coef *= 1 + clamp(move, -LARGEST_MOVE, LARGEST_MOVE);
	}
}
