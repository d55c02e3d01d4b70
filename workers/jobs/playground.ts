/** The jobs that train, let loose on a world small enough to know the answer (`core/methods/closed-form.ts`). Nothing is stored. */
import {
	DEFAULT_DPO,
	DEFAULT_PPO,
	DEFAULT_RLOO,
	type OnPolicyConfig,
	type PpoConfig
} from '../../src/core/config';
import type { PreferencePair } from '../../src/core/feedback/comparison';
import { WORLD_VOCABULARY, worldLogits } from '../../src/core/methods/closed-form-world';
import { sigmoid } from '../../src/core/methods/math';
import { RECORD_VERSION, type Run } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import type { PlaygroundArgs, PlaygroundPath } from '../../src/protocol/playground';
import type { Batch, F } from '../engine/language-model';
import { TabularModel } from '../engine/tabular/tabular-model';
import { breathe } from '../engine/yielding';
import type { JobFrame } from '../run-loop';
import { runPpo } from './ppo';
import { runPreference } from './preference';
import { runRloo } from './rloo';
import { completionIds } from './rollout';

const V = WORLD_VOCABULARY;
const PLACES = 2;
const PROMPT = Int32Array.of(0);
const TEXT = { stop: [], cut: null };
const ITERATIONS = 120;
const BATCH = 512;
const DPO_STEPS = 600;
/** Of DPO's many small steps, one in so many is drawn. */
const DPO_KEPT = 5;

const ON_POLICY: Partial<OnPolicyConfig> = {
	iterations: ITERATIONS,
	batch: BATCH,
	maxNew: PLACES,
	cutAtSentence: false
};

export async function drawPath(
	{ method, beta, rewards, seed }: PlaygroundArgs,
	signal: AbortSignal
): Promise<PlaygroundPath> {
	if (!(beta > 0) || rewards.length !== V ** PLACES || !rewards.every(Number.isFinite)) {
		throw new StudioError('bad-settings', 'The world needs sixteen rewards and a beta above 0.');
	}
	const world = (heads: number) => TabularModel.create(V, PLACES, heads, worldLogits);
	const policy = world(method === 'ppo' ? 1 : 0);
	const path: PlaygroundPath = { policies: [policy.enumerate()], steps: [0] };
	const every = method === 'dpo' ? DPO_KEPT : 1;
	const frame = quietFrame(signal, (step) => {
		if (step % every === 0) {
			path.policies.push(policy.enumerate());
			path.steps.push(step);
		}
	});
	const common = { policy, reference: world(0), prompts: [PROMPT], text: TEXT, seed };
	const reward = (batch: Batch): Promise<F> =>
		Promise.resolve(
			Float64Array.from({ length: batch.B }, (_, b) => {
				const [first = 0, second = 0] = completionIds(batch, b);
				return rewards[first * V + second] ?? NaN;
			})
		);
	const price = { klCoef: beta, klController: 'fixed' as const };
	switch (method) {
		case 'ppo': {
			const config: PpoConfig = {
				...DEFAULT_PPO,
				...ON_POLICY,
				...price,
				lr: 0.03,
				headLr: 0.05,
				valueClip: 0,
				valueCoef: 1,
				targetPolicyKl: 0,
				lambda: 1
			};
			await runPpo({ ...common, reward, config }, frame);
			break;
		}
		case 'rloo': {
			const config = { ...DEFAULT_RLOO, ...ON_POLICY, ...price, lr: 0.06 };
			await runRloo({ ...common, reward, config }, frame);
			break;
		}
		case 'dpo': {
			const pairs = everyPair(rewards);
			const config = {
				...DEFAULT_DPO,
				beta,
				epochs: DPO_STEPS,
				batchRows: pairs.length,
				lr: 0.05,
				heldOut: 0,
				measureSamples: 0,
				clipNorm: 10
			};
			await runPreference({ method, config }, { ...common, config }, pairs, frame);
		}
	}
	return path;
}

/** Every two completions with the probability that an annotator of these rewards prefers the first (Bradley-Terry). */
function everyPair(rewards: readonly number[]): PreferencePair[] {
	const ids = (i: number) => [Math.floor(i / V), i % V];
	return rewards.flatMap((rewardA, a) =>
		rewards.slice(a + 1).map((rewardB, k) => ({
			presentationId: `${a} ${a + 1 + k}`,
			promptId: 'world',
			promptIds: [...PROMPT],
			aIds: ids(a),
			bIds: ids(a + 1 + k),
			y: sigmoid(rewardA - rewardB),
			simulated: true
		}))
	);
}

/** A frame that stores and sends nothing, and gives way to other commands between steps. */
function quietFrame(signal: AbortSignal, onStep: (step: number) => void): JobFrame {
	const run: Run = {
		id: 'playground',
		studyId: '',
		version: RECORD_VERSION,
		createdAt: 0,
		kind: 'ppo',
		name: '',
		status: 'running',
		seed: 0,
		config: DEFAULT_PPO,
		model: '',
		backend: '',
		backendReason: '',
		parents: {},
		step: 0,
		totalSteps: 0,
		updatedAt: 0,
		elapsedMs: 0
	};
	return {
		signal,
		run,
		phase: () => breathe(signal),
		setSpeed: () => undefined,
		finishStep: onStep,
		commit: () => Promise.resolve()
	};
}
