/**
 * One PPO iteration of the default model as the app runs it: sample, score by policy, reference and reward model, advantages, four epochs.
 * Once with a critic on the policy's trunk, once with a critic of its own.
 */
import { DEFAULT_PPO } from '../../../src/core/config';
import { ppoAdvantages } from '../../../src/core/methods/gae';
import type { Batch, F, Loss } from '../../../src/core/methods/loss';
import { policyLoss, ppoLoss, valueLoss } from '../../../src/core/methods/ppo';
import { gradientAfter, responseMask, valuesBefore } from '../../../src/core/methods/response';
import { assembleRewards } from '../../../src/core/methods/reward-assembly';
import { readRewards } from '../../../src/core/methods/reward-reading';
import { whiten } from '../../../src/core/methods/whiten';
import { decoderParameters } from '../../../workers/engine/decoder-parameters';
import type { ComputeDevice } from '../../../workers/engine/device';
import type { LanguageModel, Sampled } from '../../../workers/engine/language-model';
import { fetchModelFile, readModelFiles, type ModelFiles } from '../../../workers/model-files';
import { median } from '../measure';
import { startDevice } from '../page/devices';
import type { Measurements } from '../rows';
import type { SectionOptions } from './section';

const MODEL = 'stories-2.6m';
const SEED = 18;
const EPOCHS = 4;
const STORY_STARTS = [
	'Once upon a time',
	'One day, a little girl',
	'The dog ran to',
	'Tom had a big'
];

interface Cast {
	policy: LanguageModel;
	/** null: the policy's own value head. */
	critic: LanguageModel | null;
	reference: LanguageModel;
	rewardModel: LanguageModel;
}

async function castOf(device: ComputeDevice, files: ModelFiles, isShared: boolean): Promise<Cast> {
	const make = (valueHeads: number) => {
		const config = { ...files.config, valueHeads };
		const heads = { kind: 'normal', seed: SEED } as const;
		return device.createModel(config, decoderParameters(config, files.weights, heads));
	};
	return {
		policy: await make(isShared ? 1 : 0),
		critic: isShared ? null : await make(1),
		reference: await make(0),
		rewardModel: await make(1)
	};
}

const valueHead = ({ value }: { value: F[] }): F => value[0] ?? new Float64Array();

function onlyPolicy(batch: Batch, oldLogProb: F, advantages: F): Loss {
	const { clipRange, dualClip } = DEFAULT_PPO;
	const limits = { clipLow: clipRange, clipHigh: clipRange, dualClip };
	const mask = responseMask(batch);
	return ({ logProb }) => {
		const { loss, dLogProb } = policyLoss({ logProb, oldLogProb, advantages, mask, ...limits });
		return { loss, dLogProb, metrics: {} };
	};
}

function onlyValue(batch: Batch, oldValue: F, returns: F): Loss {
	const mask = responseMask(batch);
	const oldValues = valuesBefore(batch, oldValue);
	return (scores) => {
		const values = valuesBefore(batch, valueHead(scores));
		const clip = DEFAULT_PPO.valueClip;
		const { loss, dValues } = valueLoss({ values, oldValues, returns, mask, clip });
		return { loss, dValue: [gradientAfter(batch, dValues)], metrics: {} };
	};
}

async function iterate(cast: Cast, prompts: Int32Array[], seed: number): Promise<Sampled> {
	const { policy, critic, reference, rewardModel } = cast;
	const { temperature, microTokens, maxNew, klCoef, lr, headLr, clipNorm } = DEFAULT_PPO;
	const pass = { temperature, microTokens };
	// No stop ids and no cut: every row has all its new tokens, the dearest case.
	const batch = await policy.sample(prompts, { ...pass, maxNew, stop: [], seed, first: 0 });
	const raw = await rewardModel.score(batch, { ...pass, want: ['value'] });
	const old = await policy.score(batch, pass);
	const value = critic ? await critic.score(batch, { ...pass, want: ['value'] }) : old;
	const { logProb: refLogProb } = await reference.score(batch, { ...pass, want: ['logProb'] });
	const { rewards } = assembleRewards({
		batch,
		scores: readRewards(batch, valueHead(raw), 'mean'),
		logProb: old.logProb,
		refLogProb,
		beta: klCoef,
		stopped: batch.stopped,
		missingEos: 'none',
		missingEosPenalty: 0,
		scoreClip: 0
	});
	const { advantages: gae, returns } = ppoAdvantages(batch, rewards, valueHead(value), DEFAULT_PPO);
	const advantages = whiten(gae, responseMask(batch), { shiftMean: true });
	const oldLogProb = old.logProb;
	const oldValue = valueHead(value);
	const rates = { lr: { trunk: lr, heads: headLr }, clipNorm, weightDecay: 0 };
	for (let epoch = 0; epoch < EPOCHS; epoch++) {
		if (critic) {
			const want = ['logProb', 'entropy'] as const;
			await policy.backward(batch, onlyPolicy(batch, oldLogProb, advantages), { ...pass, want });
			await policy.step(rates);
			const wantValue = { ...pass, want: ['value'] as const };
			await critic.backward(batch, onlyValue(batch, oldValue, returns), wantValue);
			await critic.step(rates);
		} else {
			const targets = { oldLogProb, oldValue, advantages, returns };
			await policy.backward(batch, ppoLoss(targets, DEFAULT_PPO), pass);
			await policy.step(rates);
		}
	}
	return batch;
}

export async function appScale({ isQuick, say }: SectionOptions): Promise<Measurements> {
	const device = await startDevice('wasm');
	const read = fetchModelFile(new URL('/', self.location.origin), () => undefined);
	const files = await readModelFiles(MODEL, read);
	const prompts = Array.from({ length: DEFAULT_PPO.batch }, (_, b) =>
		Int32Array.from(files.tokenizer.promptIds(STORY_STARTS[b % STORY_STARTS.length] ?? ''))
	);
	const seconds = async (isShared: boolean): Promise<number> => {
		const cast = await castOf(device, files, isShared);
		const taken: number[] = [];
		// The first iteration warms up.
		for (let i = 0; i <= (isQuick ? 1 : 3); i++) {
			const started = performance.now();
			const { length, promptLength } = await iterate(cast, prompts, SEED + i);
			taken.push((performance.now() - started) / 1000);
			const drawn = length.reduce((sum, n, b) => sum + n - (promptLength[b] ?? 0), 0);
			if (drawn !== DEFAULT_PPO.batch * DEFAULT_PPO.maxNew) {
				throw new Error(`${drawn} tokens were drawn`);
			}
		}
		[cast.policy, cast.critic, cast.reference, cast.rewardModel].forEach((m) => m?.dispose());
		const list = taken.map((s) => s.toFixed(1)).join(' ');
		say(`  ${isShared ? 'shared trunk' : 'separate critic'}: ${list} s an iteration`);
		return median(taken.slice(1));
	};
	const shared = await seconds(true);
	const separate = await seconds(false);
	device.dispose();
	return {
		'PPO iteration of the 2.6M model, shared trunk': shared,
		'PPO iteration of the 2.6M model, separate critic': separate
	};
}
