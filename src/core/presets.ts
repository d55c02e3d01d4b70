/** Presets: named layers over the defaults, and what differs between two configs. */
import {
	DEFAULT_PPO,
	DEFAULT_REWARD,
	DEFAULT_TUNE,
	type PpoConfig,
	type RewardConfig,
	type TuneConfigs,
	type TuneMethod
} from './config';

export interface Preset<C> {
	id: string;
	label: string;
	/** One sentence: what it is for. */
	help: string;
	/** Fields that differ from the defaults. */
	changes: Partial<C>;
}

export const PPO_PRESETS: readonly Preset<PpoConfig>[] = [
	{
		id: 'standard',
		label: 'Standard',
		help: 'Moves visibly within some minutes and stays readable.',
		changes: {}
	},
	{
		id: 'gentle',
		label: 'Gentle',
		help: 'Small steps close to the base model: slower, and hard to break.',
		changes: { lr: 1e-4, klCoef: 0.1, klTarget: 3, iterations: 40 }
	},
	{
		id: 'bold',
		label: 'Bold',
		help: 'Large steps far from the base model: watch how the text breaks while the reward still rises.',
		changes: { lr: 5e-4, klCoef: 0.01, klTarget: 40, iterations: 40, targetPolicyKl: 0.3 }
	},
	{
		id: 'quick',
		label: 'Quick look',
		help: 'A few short iterations, to see every part move once; too short to change much.',
		changes: { iterations: 8, batch: 16, maxNew: 24 }
	}
];

export const REWARD_PRESETS: readonly Preset<RewardConfig>[] = [
	{
		id: 'standard',
		label: 'Standard',
		help: 'For some dozens to some hundreds of answers.',
		changes: {}
	},
	{
		id: 'few',
		label: 'Few answers',
		help: 'Learns more cautiously from little, and keeps fewer prompts back.',
		changes: { lr: 1e-5, headLr: 5e-3, weightDecay: 0.05, epochs: 4, patience: 2, heldOut: 0.15 }
	},
	{
		id: 'quick',
		label: 'Quick look',
		help: 'Trains the head alone, within seconds; usually less right.',
		changes: { headOnly: true, epochs: 4, normaliseSamples: 32 }
	}
];

const STANDARD = {
	id: 'standard',
	label: 'Standard',
	help: 'For the built-in models and some dozens to some hundreds of answers.',
	changes: {}
};

const quick = <C>(changes: Partial<C>): Preset<C> => ({
	id: 'quick',
	label: 'Quick look',
	help: 'A few short steps, to see every part move once; too short to change much.',
	changes
});

/** Presets of each method; the first is the default. */
export const TUNE_PRESETS: { readonly [M in TuneMethod]: readonly Preset<TuneConfigs[M]>[] } = {
	ppo: [
		...PPO_PRESETS,
		{
			id: 'goodhart',
			label: 'Too much of a good thing',
			help: 'No price for drifting and a reward model that knows little: the score rises on while the text gets worse.',
			changes: {
				iterations: 32,
				batch: 64,
				lr: 1.5e-4,
				klCoef: 0,
				klController: 'fixed',
				targetPolicyKl: 0.3,
				lrSchedule: 'constant'
			}
		}
	],
	rloo: [STANDARD, quick({ iterations: 8, batch: 16, maxNew: 24 })],
	grpo: [
		STANDARD,
		{
			id: 'dr-grpo',
			label: 'Dr. GRPO',
			help: 'Without the divisions by spread and by length, which favour easy prompts and long wrong texts.',
			changes: { scaleBySpread: false, aggregation: 'constant' }
		},
		{
			id: 'published',
			label: 'As published',
			help: 'Every completion counts alike, and drifting is paid for in the loss by the estimator k3.',
			changes: {
				aggregation: 'sequence-mean',
				klCoef: 0,
				klController: 'fixed',
				klLossCoef: 0.04,
				klLoss: 'k3'
			}
		},
		quick({ iterations: 8, batch: 16, maxNew: 24 })
	],
	reinforce: [STANDARD, quick({ iterations: 8, batch: 16, maxNew: 24 })],
	'online-dpo': [STANDARD, quick({ iterations: 8, batch: 16, maxNew: 24 })],
	dpo: [
		STANDARD,
		{
			id: 'careful',
			label: 'Doubts your answers',
			help: 'Takes one answer in ten for a slip of the finger.',
			changes: { loss: 'robust', flip: 0.1, beta: 0.2 }
		},
		quick({ epochs: 1 })
	],
	ipo: [
		STANDARD,
		{
			id: 'sum',
			label: 'Whole completions',
			help: 'Leads are of whole completions, as in the first implementations.',
			changes: { convention: 'sum', tau: 0.05 }
		},
		quick({ epochs: 1 })
	],
	simpo: [STANDARD, quick({ epochs: 1 })],
	orpo: [STANDARD, quick({ epochs: 1 })],
	kto: [STANDARD, quick({ epochs: 1 })],
	sft: [STANDARD, quick({ epochs: 1 })],
	'best-of-n': [STANDARD, quick({ samples: 8, prompts: 8, maxNew: 24 })]
};

/** A method's defaults with a preset's changes. */
export function applyTunePreset<M extends TuneMethod>(
	method: M,
	preset: Preset<TuneConfigs[M]>
): TuneConfigs[M] {
	return { ...DEFAULT_TUNE[method], ...preset.changes };
}

export function applyPpoPreset(preset: Preset<PpoConfig>): PpoConfig {
	return { ...DEFAULT_PPO, ...preset.changes };
}

export function applyRewardPreset(preset: Preset<RewardConfig>): RewardConfig {
	return { ...DEFAULT_REWARD, ...preset.changes };
}

export interface ConfigChange<C> {
	key: keyof C & string;
	from: C[keyof C];
	to: C[keyof C];
}

/** Fields in which a config differs from another, in the order of the fields. */
export function configChanges<C extends object>(from: C, to: C): ConfigChange<C>[] {
	const keys = Object.keys(to) as (keyof C & string)[]; // configs are plain objects of their own fields
	return keys
		.filter((key) => from[key] !== to[key])
		.map((key) => ({ key, from: from[key], to: to[key] }));
}
