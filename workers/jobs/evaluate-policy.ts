/** The `measure` command: completions of stored weights, and what the models and judges say of each. Nothing is trained or stored. */
import type { Measured } from '../../src/core/evaluation/measured';
import { distinct2, repeatedShare } from '../../src/core/evaluation/text-statistics';
import { responseSpan, responseSums } from '../../src/core/methods/response';
import type { WeightsRef } from '../../src/core/records';
import type { MeasureArgs } from '../../src/protocol/trainer';
import type { Batch, F, LanguageModel, Sampled } from '../engine/language-model';
import type { Trainer } from '../trainer';
import { goldReward, storedReward } from './judges';
import { scoreRows, type RewardFunction } from './reward-function';
import { completionIds, cutRollout, textRules } from './rollout';

/** Rows at a time: enough to use the device, few enough to yield often. */
const ROWS = 32;
const MICRO_TOKENS = 2048;

interface Judges {
	proxy: RewardFunction | null;
	gold: RewardFunction | null;
}

export async function measure(
	trainer: Trainer,
	args: MeasureArgs,
	signal: AbortSignal
): Promise<Measured> {
	const { config, tokenizer } = await trainer.files(args.model);
	const text = textRules(tokenizer, config, args.sampling.cutAtSentence);
	const judges: Judges = {
		proxy:
			args.rewardModelId === undefined
				? null
				: await storedReward(trainer, args.rewardModelId, MICRO_TOKENS),
		gold: args.gold ? await goldReward(trainer, args.gold, tokenizer, MICRO_TOKENS) : null
	};
	return withWeights(trainer, args.model, args.writer, (writer) =>
		withWeights(trainer, args.model, args.reference, async (reference) => {
			const measured = nothing(judges);
			const ids = args.prompts.map((prompt) => Int32Array.from(tokenizer.promptIds(prompt)));
			const rows = ids.flatMap((_, i) => Array.from({ length: args.perPrompt }, () => i));
			const pass = { temperature: args.sampling.temperature, microTokens: MICRO_TOKENS, signal };
			for (let first = 0; first < rows.length; first += ROWS) {
				const part = rows.slice(first, first + ROWS);
				const sampled = await writer.sample(
					part.map((i) => ids[i] ?? new Int32Array()),
					{ ...pass, maxNew: args.sampling.maxNew, stop: text.stop, seed: args.seed, first }
				);
				const batch = cutRollout(sampled, text);
				const { logProb, entropy } = await writer.score(batch, pass);
				const { logProb: refLogProb } = await reference.score(batch, {
					...pass,
					want: ['logProb']
				});
				const ratio = logProb.map((value, i) => value - (refLogProb[i] ?? 0));
				addTexts(measured, { part, sampled, batch, entropy, logRatio: responseSums(batch, ratio) });
				for (const row of part.keys()) {
					measured.texts.push(tokenizer.decode(completionIds(batch, row)));
				}
				await addVerdicts(measured, judges, batch, signal);
			}
			return measured;
		})
	);
}

/** The base is shared; anything else is loaded for this measurement, and disposed of with it. */
async function withWeights<T>(
	trainer: Trainer,
	model: string,
	ref: WeightsRef = { kind: 'base' },
	work: (weights: LanguageModel) => Promise<T>
): Promise<T> {
	if (ref.kind === 'base') {
		return work(await trainer.writer({ model, policyId: null }));
	}
	const weights = await trainer.freshFrom(model, ref, 0);
	try {
		return await work(weights);
	} finally {
		weights.dispose();
	}
}

function nothing({ proxy, gold }: Judges): Measured {
	return {
		texts: [],
		prompts: [],
		length: [],
		logRatio: [],
		entropy: [],
		ends: [],
		repetition: [],
		variety: [],
		...(proxy && { proxy: [] }),
		...(gold && { gold: [] })
	};
}

function addTexts(
	measured: Measured,
	o: { part: readonly number[]; sampled: Sampled; batch: Batch; entropy: F; logRatio: F }
): void {
	const { batch } = o;
	const entropies = responseSums(batch, o.entropy);
	for (const [row, prompt] of o.part.entries()) {
		const { start, end } = responseSpan(batch, row);
		const ids = completionIds(batch, row);
		measured.prompts.push(prompt);
		measured.length.push(ids.length);
		measured.logRatio.push(o.logRatio[row] ?? NaN);
		measured.entropy.push((entropies[row] ?? NaN) / Math.max(1, end - start));
		measured.ends.push(o.sampled.stopped[row] ?? 0);
		measured.repetition.push(repeatedShare(ids, 3));
		measured.variety.push(distinct2([ids]));
	}
}

async function addVerdicts(
	measured: Measured,
	{ proxy, gold }: Judges,
	batch: Batch,
	signal: AbortSignal
): Promise<void> {
	if (proxy) {
		const { scores, uncertainty } = await scoreRows(proxy, batch, signal);
		measured.proxy?.push(...scores);
		if (uncertainty) {
			(measured.uncertainty ??= []).push(...uncertainty);
		}
	}
	if (gold) {
		measured.gold?.push(...(await scoreRows(gold, batch, signal)).scores);
	}
}
