/** Which loop runs which method: the one place that knows them all. */
import type { FixedPromptSample } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import type { LanguageModel } from '../engine/language-model';
import type { RunLoop } from '../run-loop';
import { runGrpo } from './grpo';
import { runKto } from './kto';
import { offlineSteps, type OfflineState } from './offline';
import type { OnPolicyState } from './on-policy';
import { runOnlineDpo } from './online-dpo';
import { runPpo } from './ppo';
import { runPreference, type PairMethod } from './preference';
import { runReinforce } from './reinforce';
import type { RewardFunction } from './reward-function';
import { runRloo } from './rloo';
import type { TextRules } from './rollout';
import type { PolicyArgs } from './run-tune-job';
import { runSft } from './sft';

/** What a loop works on, loaded. */
export interface Assembled {
	policy: LanguageModel;
	reference: LanguageModel;
	/** Absent for methods that learn from answers and are not measured by a reward model. */
	reward: RewardFunction | undefined;
	gold: RewardFunction | undefined;
	prompts: readonly Int32Array[];
	text: TextRules;
	startsElsewhere: boolean;
	showSamples: () => Promise<FixedPromptSample[]>;
	/** As the method's own loop wrote it. */
	resumeFrom: unknown;
}

/** Steps a run will take, for its record. */
export function stepsOf(args: PolicyArgs): number {
	switch (args.method) {
		case 'dpo':
		case 'ipo':
		case 'simpo':
		case 'orpo':
			return offlineSteps(args.pairs, args.config, args.seed);
		case 'kto':
			return offlineSteps(args.rows, args.config, args.seed);
		case 'sft':
			return offlineSteps(args.texts, args.config, args.seed);
		default:
			return args.config.iterations;
	}
}

export async function runMethod(
	args: PolicyArgs,
	assembled: Assembled,
	loop: RunLoop
): Promise<void> {
	const { policy, reference, prompts, text, startsElsewhere, showSamples } = assembled;
	const common = {
		policy,
		reference,
		prompts,
		text,
		startsElsewhere,
		showSamples,
		seed: args.seed,
		...(assembled.gold && { gold: assembled.gold })
	};
	const online = () => ({
		...common,
		reward: assembled.reward ?? refuseReward(),
		...(assembled.resumeFrom !== undefined && {
			resumeFrom: assembled.resumeFrom as OnPolicyState // written by runOnPolicy alone
		})
	});
	const offline = () => ({
		...common,
		...(assembled.reward && { reward: assembled.reward }),
		...(assembled.resumeFrom !== undefined && {
			resumeFrom: assembled.resumeFrom as OfflineState // written by runOffline alone
		})
	});
	switch (args.method) {
		case 'ppo':
			await runPpo({ ...online(), config: args.config }, loop);
			return;
		case 'rloo':
			await runRloo({ ...online(), config: args.config }, loop);
			return;
		case 'grpo':
			await runGrpo({ ...online(), config: args.config }, loop);
			return;
		case 'reinforce':
			await runReinforce({ ...online(), config: args.config }, loop);
			return;
		case 'online-dpo':
			await runOnlineDpo({ ...online(), config: args.config }, loop);
			return;
		case 'kto':
			await runKto({ ...offline(), config: args.config }, args.rows, loop);
			return;
		case 'sft':
			await runSft({ ...offline(), config: args.config }, args.texts, loop);
			return;
		case 'dpo':
		case 'ipo':
		case 'simpo':
		case 'orpo': {
			const method: PairMethod = args;
			await runPreference(method, { ...offline(), config: args.config }, args.pairs, loop);
		}
	}
}

function refuseReward(): never {
	throw new StudioError('missing-file', 'This method needs a reward model.');
}
