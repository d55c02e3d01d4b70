/** One iteration of PPO, a minibatch at a time, by the parts of the loop that trains (`ppo.ts`, `on-policy.ts`, `minibatches.ts`). */
import { ppoTargets } from '../../src/core/methods/ppo-targets';
import { selectRows } from '../../src/core/methods/response';
import type { StepSettings, TakenStep } from '../../src/protocol/step-through';
import type { F } from '../engine/language-model';
import { learnMinibatch, minibatchRows } from './minibatches';
import { collect, learningRates, type Rollout } from './on-policy';
import { ppoMinibatchLoss, type PpoJob } from './ppo';

const SHOWN = 8;

export interface Alternatives {
	/** Token ids, likeliest under the policy now first; the chosen one is always among them. */
	ids: number[];
	old: number[];
	now: number[];
	reference: number[];
}

export class PpoStepper {
	readonly rollout: Rollout;
	/** Rows of each minibatch, over all epochs. */
	readonly minibatches: readonly number[][];
	readonly #job: PpoJob;
	readonly #iteration: number;
	readonly #oldLogits = new Map<number, F>();
	#taken = 0;

	static async open(job: PpoJob, iteration: number, signal: AbortSignal): Promise<PpoStepper> {
		const loop = { phase: () => Promise.resolve(), signal };
		return new PpoStepper(job, iteration, await collect(job, loop, iteration, 1));
	}

	private constructor(job: PpoJob, iteration: number, rollout: Rollout) {
		this.#job = job;
		this.#iteration = iteration;
		this.rollout = rollout;
		const { minibatches, ppoEpochs } = job.config;
		const given = { batch: rollout.batch, unit: 1, minibatches, seed: job.seed, iteration };
		this.minibatches = Array.from({ length: ppoEpochs }, (_, epoch) =>
			minibatchRows(given, epoch)
		).flat();
	}

	/** Learns from the next minibatch with these settings; null after the last. */
	async take(settings: StepSettings, signal: AbortSignal): Promise<TakenStep | null> {
		const rows = this.minibatches[this.#taken];
		if (!rows) {
			return null;
		}
		const { policy, config } = this.#job;
		const { beta, ...changes } = settings;
		const options = { ...config, ...changes };
		const { batch, sampled } = this.rollout;
		const targets = ppoTargets({ ...this.rollout, stopped: sampled.stopped }, beta, options);
		const { result, gradNorm } = await learnMinibatch(
			{
				policy,
				config,
				batch,
				lr: learningRates(config, this.#iteration),
				targetPolicyKl: config.targetPolicyKl,
				signal,
				lossOf: (part) => ppoMinibatchLoss(this.rollout, targets, part, options)
			},
			rows
		);
		this.#taken++;
		const { temperature, microTokens } = config;
		const now = await policy.score(batch, { temperature, microTokens, signal });
		return {
			rows,
			logProb: now.logProb,
			value: now.value[0] ?? new Float64Array(batch.B * batch.T),
			metrics: result.metrics,
			gradNorm
		};
	}

	/** Of the token at a response column of a row. */
	async alternatives(row: number, column: number): Promise<Alternatives> {
		const { policy, reference, config } = this.#job;
		const one = selectRows(this.rollout.batch, [row]);
		const cut = { ...one, length: Int32Array.of(column) };
		const chosen = one.ids[column] ?? 0;
		const [now, ref] = await Promise.all([
			policy.logits(cut, column - 1),
			reference.logits(cut, column - 1)
		]);
		// Before the first update the policy is the one that wrote.
		const key = row * one.T + column;
		const old = this.#taken === 0 ? now : (this.#oldLogits.get(key) ?? null);
		if (this.#taken === 0) {
			this.#oldLogits.set(key, now);
		}
		const { temperature } = config;
		const [p, q] = [softmax(now, temperature), softmax(ref, temperature)];
		const o = old && softmax(old, temperature);
		const best = Array.from(p, (_, id) => id)
			.sort((x, y) => (p[y] ?? 0) - (p[x] ?? 0))
			.slice(0, SHOWN);
		const ids = best.includes(chosen) ? best : [...best.slice(0, SHOWN - 1), chosen];
		return {
			ids,
			old: ids.map((id) => (o ? (o[id] ?? 0) : NaN)),
			now: ids.map((id) => p[id] ?? 0),
			reference: ids.map((id) => q[id] ?? 0)
		};
	}
}

function softmax(logits: F, temperature: number): F {
	const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
	const e = logits.map((x) => Math.exp((x - top) / temperature));
	const sum = e.reduce((a, b) => a + b, 0);
	return e.map((x) => x / sum);
}
