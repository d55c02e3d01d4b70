/** Time and memory of a tuning run, from a short measured piece of its own work. */
import type { EstimateArgs, TuneEstimate } from '../../src/protocol/trainer';
import { batchOf } from '../engine/micro-batches';
import type { Trainer } from '../trainer';

/** New tokens of the measured rollout: enough to get past the first, slow passes. */
const MEASURED_TOKENS = 8;
/** A forward and backward pass against a forward pass. */
const BACKWARD_FACTOR = 3;
/** Forward passes of an iteration over its rollout: old log-probabilities, reference, reward model. */
const SCORE_PASSES = 3;
/** Copies of the weights beside the base: policy with gradients and two moments, reward model, each with device copies. */
const WEIGHT_COPIES = 9;

/** How much of each kind of work a run is made of. */
interface Work {
	/** Iterations, steps or rounds. */
	count: number;
	/** Completions of each. */
	rows: number;
	/** Completions written for each one that is learned from; 0 offline, where a measurement after an epoch hardly counts. */
	samples: number;
	/** Passes over the rows, forward ones counting 1. */
	passes: number;
}

function workOf(args: EstimateArgs): Work {
	switch (args.method) {
		case 'ppo': {
			const { iterations, batch, ppoEpochs } = args.config;
			const passes = SCORE_PASSES + BACKWARD_FACTOR * ppoEpochs;
			return { count: iterations, rows: batch, samples: 1, passes };
		}
		case 'rloo':
		case 'grpo': {
			const { iterations, batch, epochs } = args.config;
			const passes = SCORE_PASSES + BACKWARD_FACTOR * epochs;
			return { count: iterations, rows: batch, samples: 1, passes };
		}
		case 'reinforce':
		case 'online-dpo': {
			const { iterations, batch } = args.config;
			return { count: iterations, rows: batch, samples: 1, passes: SCORE_PASSES + BACKWARD_FACTOR };
		}
		case 'best-of-n': {
			const { prompts, samples, batchPrompts } = args.config;
			const count = Math.ceil(prompts / batchPrompts);
			return { count, rows: batchPrompts * samples, samples: 1, passes: 1 };
		}
		default: {
			const { epochs, batchRows, heldOut } = args.config;
			const count = epochs * Math.max(1, Math.ceil((args.rows * (1 - heldOut)) / batchRows));
			const isSingle = args.method === 'kto' || args.method === 'sft';
			// KTO also scores every row with a neighbour's completion, by both models.
			const passes = BACKWARD_FACTOR + (args.method === 'kto' ? 2 : 0);
			return { count, rows: batchRows * (isSingle ? 1 : 2), samples: 0, passes };
		}
	}
}

export async function estimateTune(
	trainer: Trainer,
	args: EstimateArgs,
	signal: AbortSignal
): Promise<TuneEstimate> {
	const { config, prompts } = args;
	const work = workOf(args);
	const model = await trainer.writer({ model: args.model, policyId: null });
	const { tokenizer, config: shape } = await trainer.files(args.model);
	const rows = Array.from({ length: work.rows }, (_, i) =>
		Int32Array.from(tokenizer.promptIds(prompts[i % prompts.length] ?? ''))
	);
	const maxNew = Math.min(MEASURED_TOKENS, config.maxNew);
	const rollout = () =>
		model.sample(rows, {
			temperature: config.temperature,
			maxNew,
			stop: [],
			seed: 0,
			first: 0,
			signal
		});
	const promptTokens = rows.reduce((sum, ids) => sum + ids.length, 0) / work.rows;
	const columns = promptTokens + config.maxNew;
	let sampleMs = 0;
	if (work.samples > 0) {
		await rollout();
		const startedMs = performance.now();
		await rollout();
		sampleMs = performance.now() - startedMs;
	}

	const batch = batchOf(
		rows.map((promptIds) => ({
			promptIds,
			ids: new Int32Array(config.maxNew).fill(shape.eosIds[0] ?? 0)
		}))
	);
	const pass = { temperature: config.temperature, microTokens: config.microTokens, signal };
	await model.score(batch, pass);
	const scoreStartedMs = performance.now();
	await model.score(batch, pass);
	const scoreMs = performance.now() - scoreStartedMs;

	const msPerIteration =
		(work.samples * sampleMs * columns) / (promptTokens + maxNew) + scoreMs * work.passes;
	const activationBytes =
		Math.min(config.microTokens, batch.B * batch.T) *
		4 *
		(shape.vocabSize * 5 + shape.layers * shape.hiddenSize * 24);
	return {
		msPerIteration,
		totalMs: msPerIteration * work.count,
		bytes: model.bytes * WEIGHT_COPIES + activationBytes,
		tokensPerSecond: (work.rows * columns) / (msPerIteration / 1000)
	};
}
