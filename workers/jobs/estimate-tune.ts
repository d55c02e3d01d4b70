/** Time and memory of a tuning run, from a short measured piece of its own work. */
import type { PpoConfig } from '../../src/core/config';
import type { TuneEstimate } from '../../src/protocol/trainer';
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

export async function estimateTune(
	trainer: Trainer,
	{ model: name, prompts, config }: { model: string; prompts: string[]; config: PpoConfig },
	signal: AbortSignal
): Promise<TuneEstimate> {
	const model = await trainer.writer({ model: name, policyId: null });
	const { tokenizer, config: shape } = await trainer.files(name);
	const rows = Array.from({ length: config.batch }, (_, i) =>
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
	await rollout();
	const startedMs = performance.now();
	const sampled = await rollout();
	const sampleMs = performance.now() - startedMs;
	const promptTokens = sampled.promptLength.reduce((sum, n) => sum + n, 0) / config.batch;
	const columns = promptTokens + config.maxNew;

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
		(sampleMs * columns) / (promptTokens + maxNew) +
		scoreMs * (SCORE_PASSES + BACKWARD_FACTOR * config.ppoEpochs);
	const activationBytes =
		Math.min(config.microTokens, batch.B * batch.T) *
		4 *
		(shape.vocabSize * 5 + shape.layers * shape.hiddenSize * 24);
	return {
		msPerIteration,
		totalMs: msPerIteration * config.iterations,
		bytes: model.bytes * WEIGHT_COPIES + activationBytes,
		tokensPerSecond: (config.batch * columns) / (msPerIteration / 1000)
	};
}
