/** The catalogue of settings of every tuning method: fields that mean the same have the same words. PPO's own are in `settings.ts`. */
import {
	DEFAULT_TUNE,
	type BestOfNConfig,
	type DpoConfig,
	type GrpoConfig,
	type IpoConfig,
	type KtoConfig,
	type OfflineConfig,
	type OnlineDpoConfig,
	type OnPolicyConfig,
	type OrpoConfig,
	type ReinforceConfig,
	type RlooConfig,
	type SftConfig,
	type SimpoConfig,
	type TuneConfigs,
	type TuneMethod
} from './config';
import {
	advanced,
	choice,
	clipNorm,
	cutAtSentence,
	integer,
	maxNew,
	microTokens,
	number,
	PPO_SETTINGS,
	type Settings,
	temperature,
	toggle,
	validate,
	type ValidatedConfig,
	validatePpo,
	weightDecay
} from './settings';

const { iterations, batch, lr, lrSchedule, scoreClip, missingEos, missingEosPenalty } =
	PPO_SETTINGS;

const ON_POLICY: Settings<OnPolicyConfig> = {
	iterations,
	batch,
	maxNew,
	temperature,
	cutAtSentence,
	lr,
	lrSchedule,
	clipNorm,
	weightDecay,
	scoreClip,
	missingEos,
	missingEosPenalty,
	microTokens
};

const { klCoef, klController, klTarget, klHorizon, clipRange, entropyCoef, minibatches } =
	PPO_SETTINGS;
const price = { klCoef, klController, klTarget, klHorizon };

const perPrompt = integer(
	'Completions per prompt',
	'How many completions of one prompt are compared with each other.',
	{ unit: 'completions', min: 2, max: 32 }
);

export const RLOO_SETTINGS: Settings<RlooConfig> = {
	...ON_POLICY,
	...price,
	perPrompt,
	epochs: PPO_SETTINGS.ppoEpochs,
	minibatches,
	clipRange,
	entropyCoef
};

export const GRPO_SETTINGS: Settings<GrpoConfig> = {
	...RLOO_SETTINGS,
	scaleBySpread: toggle(
		'Divide by the spread',
		'Measures a completion in spreads of its group (GRPO); switched off it is Dr. GRPO.'
	),
	aggregation: advanced(
		choice('What counts alike', 'How the tokens of completions of different length are weighed.', {
			'token-mean': 'every token',
			'sequence-mean': 'every completion',
			constant: 'every token, whatever the batch is like'
		})
	),
	klLossCoef: advanced(
		number(
			'Price of drifting in the loss',
			'Paid in the loss instead of the reward, for each nat a token.',
			{ min: 0, max: 10, step: 0.01, zero: 'off' }
		)
	),
	klLoss: advanced(
		choice('Measured by', 'Estimator of the drift in the loss.', {
			k2: 'k2, whose gradient is right',
			k3: 'k3, as published'
		})
	)
};

export const REINFORCE_SETTINGS: Settings<ReinforceConfig> = {
	...ON_POLICY,
	...price,
	baseline: choice('Compared with', 'What the reward of a completion is measured against.', {
		batch: 'the others of its batch',
		running: 'the batches before',
		none: 'nothing'
	}),
	baselineDecay: advanced(
		number('Memory of earlier batches', 'Share of the running mean that each batch keeps.', {
			min: 0,
			max: 0.999,
			step: 0.01
		})
	),
	entropyCoef
};

const beta = number(
	'Pull to the base',
	'The higher, the closer to the base model the result stays.',
	{ unit: 'reward per nat', min: 0.001, max: 10, step: 0.01 }
);

const dpoLoss = choice('Kind of loss', 'How an answer that may be wrong is treated.', {
	plain: 'DPO: every answer is right',
	conservative: 'cDPO: some are turned round',
	robust: 'robust DPO: turned ones are undone',
	hinge: 'hinge: enough lead is enough'
});

const flip = advanced(
	number(
		'Answers turned round',
		'Share of answers taken for the wrong way round; read by cDPO and robust DPO.',
		{ min: 0, max: 0.49, step: 0.01, zero: 'none' }
	)
);

export const ONLINE_DPO_SETTINGS: Settings<OnlineDpoConfig> = {
	...ON_POLICY,
	perPrompt,
	beta,
	loss: dpoLoss,
	flip,
	labels: advanced(
		choice('Label of a pair', 'How sure the better completion is taken to be better.', {
			hard: 'sure',
			soft: 'as sure as the reward model is'
		})
	)
};

const OFFLINE: Settings<OfflineConfig> = {
	epochs: integer('Epochs', 'How many times all rows are gone through.', { min: 1, max: 100 }),
	batchRows: integer('Rows per step', 'Rows that each step learns from together.', {
		unit: 'rows',
		min: 1,
		max: 256
	}),
	lr,
	lrSchedule: advanced(
		choice('Learning rate over time', 'Whether the steps become smaller towards the end.', {
			linear: 'falls to 0',
			cosine: 'falls to a tenth',
			constant: 'stays'
		})
	),
	warmup: advanced(
		integer('Warm-up', 'Steps in which the learning rate rises to its full size.', {
			unit: 'steps',
			min: 0,
			max: 1000,
			zero: 'none'
		})
	),
	clipNorm,
	weightDecay,
	heldOut: number(
		'Kept back',
		'Share of prompts that are not learned from, to see what was learned.',
		{
			min: 0,
			max: 0.5,
			step: 0.05,
			zero: 'none'
		}
	),
	measureSamples: advanced(
		integer(
			'Completions to measure on',
			'Completions written after each epoch, to see how far it has drifted and how good it has become.',
			{ unit: 'completions', min: 0, max: 512, zero: 'none' }
		)
	),
	maxNew,
	temperature,
	cutAtSentence,
	microTokens
};

export const DPO_SETTINGS: Settings<DpoConfig> = { ...OFFLINE, beta, loss: dpoLoss, flip };

export const IPO_SETTINGS: Settings<IpoConfig> = {
	...OFFLINE,
	tau: number('Pull to the base', 'The higher, the smaller the lead that is aimed at.', {
		min: 0.001,
		max: 10,
		step: 0.01
	}),
	convention: advanced(
		choice('Lead measured', 'Whether long completions may lead by more than short ones.', {
			mean: 'by token',
			sum: 'by completion'
		})
	)
};

export const SIMPO_SETTINGS: Settings<SimpoConfig> = {
	...OFFLINE,
	beta: number('Scale', 'Reward for each nat a token: the higher, the surer it becomes.', {
		min: 0.01,
		max: 50,
		step: 0.1
	}),
	gamma: number('Lead asked for', 'By how much the better completion should lead.', {
		unit: 'reward',
		min: 0,
		max: 20,
		step: 0.1,
		zero: 'none'
	})
};

export const ORPO_SETTINGS: Settings<OrpoConfig> = {
	...OFFLINE,
	oddsWeight: number(
		'Weight of the comparison',
		'How much turning from the worse completion counts beside imitating the better one.',
		{ min: 0, max: 10, step: 0.05, zero: 'imitation alone' }
	)
};

const classWeight = (what: string) =>
	advanced(
		number(
			`Weight of ${what} completions`,
			'How much they count; 0 lets the numbers of both balance.',
			{
				min: 0,
				max: 100,
				step: 0.1,
				zero: 'balanced'
			}
		)
	);

export const KTO_SETTINGS: Settings<KtoConfig> = {
	...OFFLINE,
	batchRows: integer('Rows per step', 'Completions that each step learns from together.', {
		unit: 'completions',
		min: 4,
		max: 256
	}),
	beta,
	desirableWeight: classWeight('good'),
	undesirableWeight: classWeight('bad')
};

export const SFT_SETTINGS: Settings<SftConfig> = {
	...OFFLINE,
	tokens: choice('Learns', 'Which tokens of a text it learns to write.', {
		response: 'the completion',
		all: 'the whole text'
	})
};

export const BEST_OF_N_SETTINGS: Settings<BestOfNConfig> = {
	samples: integer('Completions per prompt', 'The largest n whose best is looked at.', {
		unit: 'completions',
		min: 2,
		max: 1024
	}),
	prompts: integer('Prompts', 'More make the curve surer.', { unit: 'prompts', min: 1, max: 1024 }),
	batchPrompts: advanced(
		integer('Prompts at once', 'Prompts whose completions are written together.', {
			unit: 'prompts',
			min: 1,
			max: 64
		})
	),
	maxNew,
	temperature,
	cutAtSentence,
	microTokens
};

/** Settings of each method, by its name. */
export const TUNE_SETTINGS: { readonly [M in TuneMethod]: Settings<TuneConfigs[M]> } = {
	ppo: PPO_SETTINGS,
	rloo: RLOO_SETTINGS,
	grpo: GRPO_SETTINGS,
	reinforce: REINFORCE_SETTINGS,
	'online-dpo': ONLINE_DPO_SETTINGS,
	dpo: DPO_SETTINGS,
	ipo: IPO_SETTINGS,
	simpo: SIMPO_SETTINGS,
	orpo: ORPO_SETTINGS,
	kto: KTO_SETTINGS,
	sft: SFT_SETTINGS,
	'best-of-n': BEST_OF_N_SETTINGS
};

/** A usable config of a method from anything, with what was wrong with it. */
export function validateTune<M extends TuneMethod>(
	method: M,
	input: unknown
): ValidatedConfig<TuneConfigs[M]> {
	if (method === 'ppo') {
		return validatePpo(input) as ValidatedConfig<TuneConfigs[M]>; // M is 'ppo'
	}
	const checked = validate<TuneConfigs[M]>(TUNE_SETTINGS[method], DEFAULT_TUNE[method], input);
	return keepGroupsWhole(checked);
}

/** A batch of groups holds whole groups, and not more minibatches than groups. */
function keepGroupsWhole<C extends object>({
	config,
	problems
}: ValidatedConfig<C>): ValidatedConfig<C> {
	if (!('perPrompt' in config && 'batch' in config)) {
		return { config, problems };
	}
	const { perPrompt: size, batch: rows } = config as { perPrompt: number; batch: number }; // their settings are numbers
	const most = Math.floor(PPO_SETTINGS.batch.max / size) * size;
	const whole = Math.min(most, Math.max(size, Math.round(rows / size) * size));
	if (whole === rows) {
		return { config, problems };
	}
	return {
		config: { ...config, batch: whole },
		problems: [
			...problems,
			{
				key: 'batch',
				message: `Completions per iteration: ${rows} are no whole number of groups of ${size}; ${whole} are used.`
			}
		]
	};
}
