/**
 * The catalogue of settings: for every field of every config what a form needs to show it and what a reader needs to refuse
 * a bad value. Defaults are in `config.ts`.
 */
import {
	DEFAULT_PPO,
	DEFAULT_REWARD,
	DEFAULT_SAMPLING,
	type PpoConfig,
	type RewardConfig,
	type SamplingConfig
} from './config';

interface SettingText {
	/** Plain words. */
	label: string;
	/** One sentence. */
	help: string;
	/** Shown only on request. */
	advanced: boolean;
}

export interface NumberSetting extends SettingText {
	kind: 'number';
	/** '' for a pure number. */
	unit: string;
	min: number;
	max: number;
	/** Of the form's spinner; with `isInteger`, values are whole. */
	step: number;
	isInteger: boolean;
	/** What the value 0 means, where it is not just a small number: 'off', 'never'. */
	zero?: string;
}

export interface ChoiceSetting extends SettingText {
	kind: 'choice';
	options: readonly { value: string; label: string }[];
}

export interface SwitchSetting extends SettingText {
	kind: 'switch';
}

export type Setting = NumberSetting | ChoiceSetting | SwitchSetting;

/** One setting for each field of a config, of the kind that its type asks for. */
export type Settings<C> = {
	readonly [K in keyof C]: C[K] extends number
		? NumberSetting
		: C[K] extends boolean
			? SwitchSetting
			: ChoiceSetting;
};

type Bounds = Pick<NumberSetting, 'min' | 'max' | 'step'> & { unit?: string; zero?: string };

export function number(
	label: string,
	help: string,
	{ unit = '', ...bounds }: Bounds
): NumberSetting {
	return { kind: 'number', label, help, unit, isInteger: false, advanced: false, ...bounds };
}

export function integer(label: string, help: string, bounds: Omit<Bounds, 'step'>): NumberSetting {
	return { ...number(label, help, { step: 1, ...bounds }), isInteger: true };
}

export function toggle(label: string, help: string): SwitchSetting {
	return { kind: 'switch', label, help, advanced: false };
}

export function choice(
	label: string,
	help: string,
	options: Record<string, string>
): ChoiceSetting {
	const list = Object.entries(options).map(([value, text]) => ({ value, label: text }));
	return { kind: 'choice', label, help, advanced: false, options: list };
}

export function advanced<S extends Setting>(setting: S): S {
	return { ...setting, advanced: true };
}

export const temperature = number(
	'Temperature',
	'How freely tokens are drawn: 1 is the model as it is, lower is safer and more repetitive.',
	{ min: 0.1, max: 2, step: 0.05 }
);

export const maxNew = integer(
	'Length',
	'Most tokens of a completion; a token is about 3.6 characters.',
	{
		unit: 'tokens',
		min: 1,
		max: 192
	}
);

export const cutAtSentence = toggle(
	'End at a sentence',
	'Drops what follows the last sentence end, because the built-in models rarely finish a text.'
);

export const microTokens = advanced(
	integer(
		'Tokens at once',
		'Most tokens in one pass of the model: fewer take less memory and more time, the result is the same.',
		{ unit: 'tokens', min: 64, max: 65536 }
	)
);

export const clipNorm = advanced(
	number('Gradient limit', 'A longer gradient is shortened to this length before each step.', {
		min: 0.01,
		max: 100,
		step: 0.1
	})
);

export const weightDecay = advanced(
	number(
		'Weight decay',
		'Pulls the weights towards 0 at each step, by this share of the learning rate.',
		{
			min: 0,
			max: 1,
			step: 0.01,
			zero: 'off'
		}
	)
);

const headLr = advanced(
	number(
		'Learning rate of the head',
		'Size of the steps of the small part that reads a number off the model.',
		{
			min: 0,
			max: 0.1,
			step: 0.0001
		}
	)
);

export const SAMPLING_SETTINGS: Settings<SamplingConfig> = {
	temperature,
	maxNew,
	topK: advanced(
		integer('Top k', 'Draws only among the k most likely tokens.', {
			min: 0,
			max: 2048,
			zero: 'off'
		})
	),
	topP: advanced(
		number(
			'Top p',
			'Draws only among the most likely tokens that together have this probability; 1 is off.',
			{
				min: 0.05,
				max: 1,
				step: 0.05
			}
		)
	),
	cutAtSentence
};

export const REWARD_SETTINGS: Settings<RewardConfig> = {
	epochs: integer('Epochs', 'How many times all answers are gone through.', { min: 1, max: 100 }),
	batchPairs: integer('Pairs per step', 'Answers that each step learns from together.', {
		unit: 'pairs',
		min: 1,
		max: 256
	}),
	lr: number(
		'Learning rate',
		'Size of the steps: larger learns faster and forgets what it knew of language.',
		{
			min: 0,
			max: 0.01,
			step: 0.00001
		}
	),
	headLr,
	weightDecay,
	clipNorm,
	center: advanced(
		number('Centering', 'Keeps raw scores around 0, which answers alone do not fix.', {
			min: 0,
			max: 1,
			step: 0.01,
			zero: 'off'
		})
	),
	lapse: number(
		'Slips of the finger',
		'Share of answers assumed to be given at random, which limits what one mistake can do.',
		{ min: 0, max: 0.9, step: 0.01, zero: 'off' }
	),
	ties: choice('Ties', 'What a tie teaches.', {
		half: 'both equally good',
		drop: 'nothing'
	}),
	pooling: advanced(
		choice('Score read from', 'Which tokens of a completion its score is read from.', {
			mean: 'all tokens, averaged',
			last: 'the last token'
		})
	),
	headOnly: advanced(
		toggle(
			'Head only',
			'Trains only the small part that reads off the score: faster, and usually less right.'
		)
	),
	heldOut: number(
		'Kept back',
		'Share of prompts whose answers are not learned from, so that accuracy is honest.',
		{
			min: 0,
			max: 0.5,
			step: 0.05,
			zero: 'none'
		}
	),
	patience: advanced(
		integer(
			'Patience',
			'Epochs without a better held-out loss after which it stops; the best epoch is kept.',
			{
				unit: 'epochs',
				min: 0,
				max: 100,
				zero: 'never'
			}
		)
	),
	marginScale: advanced(
		number(
			'Margin by strength',
			'By how much a completion called better by far should lead; a lesser strength asks for less.',
			{ unit: 'reward', min: 0, max: 5, step: 0.1, zero: 'off' }
		)
	),
	autoDecay: advanced(
		toggle(
			'Weight decay by itself',
			'Raises the weight decay after each epoch in which it learns by heart, and lowers it again where it does not.'
		)
	),
	ensemble: advanced(
		integer(
			'Second opinions',
			'Heads fitted on answers drawn anew from yours: where they disagree, the score is a guess.',
			{ unit: 'heads', min: 0, max: 32, zero: 'none' }
		)
	),
	normaliseSamples: advanced(
		integer(
			'Samples for the scale',
			'Completions of the base model on which scores are set to mean 0 and spread 1.',
			{
				unit: 'completions',
				min: 2,
				max: 1024
			}
		)
	),
	includeSimulated: toggle(
		'Learn from simulated answers',
		'Simulated answers count like those of people.'
	),
	microTokens
};

export const PPO_SETTINGS: Settings<PpoConfig> = {
	iterations: integer(
		'Iterations',
		'How often it writes a batch of completions and learns from it.',
		{
			min: 1,
			max: 2000
		}
	),
	batch: integer('Completions per iteration', 'More give a steadier direction and take longer.', {
		unit: 'completions',
		min: 2,
		max: 512
	}),
	maxNew,
	temperature,
	cutAtSentence,
	ppoEpochs: integer('Epochs per batch', 'How often each batch is learned from.', {
		min: 1,
		max: 16
	}),
	minibatches: advanced(
		integer('Minibatches', 'Parts into which each batch is divided for learning.', {
			min: 1,
			max: 64
		})
	),
	lr: number(
		'Learning rate',
		'Size of the steps: larger changes the model faster and breaks it sooner.',
		{
			min: 0,
			max: 0.01,
			step: 0.00001
		}
	),
	headLr,
	lrSchedule: advanced(
		choice('Learning rate over time', 'Whether the steps become smaller towards the end.', {
			linear: 'falls to 0',
			constant: 'stays'
		})
	),
	clipNorm,
	weightDecay,
	clipRange: advanced(
		number('Clip', 'How far one update may change the probability of a token: 0.2 is 20 %.', {
			min: 0.01,
			max: 1,
			step: 0.01
		})
	),
	dualClip: advanced(
		number(
			'Dual clip',
			'Limits what a very bad token that became likely can do to an update; above 1.',
			{
				min: 0,
				max: 20,
				step: 0.5,
				zero: 'off'
			}
		)
	),
	valueClip: advanced(
		number('Value clip', 'How far one update may move a value, in units of reward.', {
			min: 0,
			max: 10,
			step: 0.05,
			zero: 'off'
		})
	),
	valueCoef: advanced(
		number(
			'Weight of the value loss',
			'How much foreseeing the reward counts beside improving the text.',
			{
				min: 0,
				max: 10,
				step: 0.05
			}
		)
	),
	entropyCoef: advanced(
		number('Entropy bonus', 'Rewards keeping choices open.', {
			min: 0,
			max: 1,
			step: 0.001,
			zero: 'off'
		})
	),
	gamma: advanced(
		number('Discount', 'What a reward one token later is worth; 1 is the same.', {
			min: 0,
			max: 1,
			step: 0.01
		})
	),
	lambda: advanced(
		number('GAE lambda', 'Between trusting the value head (0) and the rewards as they came (1).', {
			min: 0,
			max: 1,
			step: 0.01
		})
	),
	klCoef: number(
		'Price of drifting',
		'Reward taken off for each nat of distance from the base model.',
		{
			unit: 'reward per nat',
			min: 0,
			max: 10,
			step: 0.01,
			zero: 'free'
		}
	),
	klController: choice('Price over time', 'Whether the price follows the drift or stays.', {
		adaptive: 'holds the drift near its target',
		fixed: 'stays'
	}),
	klTarget: number(
		'Target for the drift',
		'Distance from the base model that the adaptive price aims at.',
		{
			unit: 'nats',
			min: 0.1,
			max: 200,
			step: 0.5
		}
	),
	klHorizon: advanced(
		integer(
			'Horizon of the price',
			'Completions over which the price may change much; 0 is a hundredth of the run.',
			{
				unit: 'completions',
				min: 0,
				max: 1_000_000,
				zero: 'a hundredth of the run'
			}
		)
	),
	whitenRewards: advanced(
		toggle('Scale rewards', 'Brings the rewards of each batch to spread 1, keeping their mean.')
	),
	whitenAdvantages: advanced(
		toggle('Scale advantages', 'Brings the advantages of each batch to mean 0 and spread 1.')
	),
	scoreClip: advanced(
		number('Score limit', 'Scores beyond this are cut, in standard deviations of the base model.', {
			min: 0,
			max: 100,
			step: 0.5,
			zero: 'off'
		})
	),
	missingEos: advanced(
		choice('Texts that do not end', 'What happens to the score of a completion without an end.', {
			none: 'nothing',
			subtract: 'the penalty is taken off',
			replace: 'the penalty replaces it'
		})
	),
	missingEosPenalty: advanced(
		number('Penalty for not ending', 'In standard deviations of the base model.', {
			min: 0,
			max: 20,
			step: 0.1
		})
	),
	targetPolicyKl: advanced(
		number(
			'Early stop of an update',
			'The epochs of an iteration end when the policy has moved 1.5 times this far.',
			{
				unit: 'nats a token',
				min: 0,
				max: 10,
				step: 0.01,
				zero: 'never'
			}
		)
	),
	criticWarmup: advanced(
		integer('Value head first', 'Iterations at the start in which only the value head learns.', {
			unit: 'iterations',
			min: 0,
			max: 100
		})
	),
	microTokens
};

/** What was wrong with a value, and what was taken instead. */
export interface ConfigProblem {
	key: string;
	message: string;
}

export interface ValidatedConfig<C> {
	/** Always usable. */
	config: C;
	problems: ConfigProblem[];
}

type Value = number | boolean | string;

/** The value to use for a field, with a message if it is not the one given. */
function validateValue(setting: Setting, given: unknown, fallback: Value): [Value, string?] {
	switch (setting.kind) {
		case 'number':
			return validateNumber(setting, given, fallback);
		case 'switch':
			if (typeof given === 'boolean') {
				return [given];
			}
			break;
		case 'choice':
			if (setting.options.some((option) => option.value === given)) {
				return [given as string]; // it equals one of the options, which are strings
			}
	}
	return [
		fallback,
		`${setting.label}: ${String(given)} is not possible; ${String(fallback)} is used.`
	];
}

function validateNumber(setting: NumberSetting, given: unknown, fallback: Value): [Value, string?] {
	const { label, min, max } = setting;
	if (typeof given !== 'number' || Number.isNaN(given)) {
		return [fallback, `${label}: ${String(given)} is not a number; ${String(fallback)} is used.`];
	}
	if (given < min) {
		return [min, `${label}: ${given} is below the least possible, ${min}.`];
	}
	if (given > max) {
		return [max, `${label}: ${given} is above the most possible, ${max}.`];
	}
	const whole = Math.round(given);
	if (setting.isInteger && whole !== given) {
		return [whole, `${label}: ${given} is not a whole number; ${whole} is used.`];
	}
	return [given];
}

export function validate<C extends object>(
	settings: Settings<C>,
	defaults: C,
	input: unknown
): ValidatedConfig<C> {
	const given = new Map(Object.entries(typeof input === 'object' && input !== null ? input : {}));
	const known = Object.entries<Setting>(settings);
	const fallbacks = new Map<string, Value>(Object.entries(defaults));
	const problems = [...given.keys()]
		.filter((key) => !fallbacks.has(key))
		.map((key) => ({ key, message: `There is no setting "${key}"; it is ignored.` }));
	const entries = known.map(([key, setting]): [string, Value] => {
		const fallback = fallbacks.get(key) ?? 0;
		if (!given.has(key)) {
			return [key, fallback];
		}
		const [value, message] = validateValue(setting, given.get(key), fallback);
		if (message !== undefined) {
			problems.push({ key, message });
		}
		return [key, value];
	});
	// Every field of C has a setting, and every value the type that the setting's kind stands for.
	return { config: Object.fromEntries(entries) as C, problems };
}

export function validateSampling(input: unknown): ValidatedConfig<SamplingConfig> {
	return validate(SAMPLING_SETTINGS, DEFAULT_SAMPLING, input);
}

export function validateReward(input: unknown): ValidatedConfig<RewardConfig> {
	return validate(REWARD_SETTINGS, DEFAULT_REWARD, input);
}

export function validatePpo(input: unknown): ValidatedConfig<PpoConfig> {
	const { config, problems } = validate(PPO_SETTINGS, DEFAULT_PPO, input);
	if (config.minibatches > config.batch) {
		problems.push({
			key: 'minibatches',
			message: `Minibatches: ${config.minibatches} are more than the ${config.batch} completions; ${config.batch} are used.`
		});
		config.minibatches = config.batch;
	}
	if (config.dualClip > 0 && config.dualClip <= 1) {
		problems.push({
			key: 'dualClip',
			message: 'Dual clip: it must be above 1; it is switched off.'
		});
		config.dualClip = 0;
	}
	return { config, problems };
}
