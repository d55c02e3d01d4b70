/** Simulated annotators to begin with: each shows one thing that goes wrong, or right, with people. Any setting may be changed after. */
import type { AnnotatorModelConfig } from './annotator-model';
import type { GoldRewardConfig } from './gold-rewards';

export const ANNOTATOR_PRESETS = [
	'careful',
	'hurried',
	'likes-long',
	'always-left',
	'tires',
	'changes-mind',
	'own-rules'
] as const;
export type AnnotatorPreset = (typeof ANNOTATOR_PRESETS)[number];

/** All but the seed, which is drawn for each run. */
export type AnnotatorSettings = Omit<AnnotatorModelConfig, 'seed'>;

const CHEERFUL: GoldRewardConfig = { weights: { sentiment: 1, repetition: -1 }, rules: [] };
const TALKATIVE: GoldRewardConfig = { weights: { dialogue: 1, repetition: -1 }, rules: [] };

const CAREFUL: AnnotatorSettings = {
	reward: CHEERFUL,
	temperature: 0.15,
	lapse: 0.01,
	tieThreshold: 0.05,
	lengthBias: 0,
	positionBias: 0,
	drift: null
};

const PRESETS: Readonly<Record<AnnotatorPreset, AnnotatorSettings>> = {
	careful: CAREFUL,
	hurried: {
		...CAREFUL,
		temperature: 0.6,
		lapse: 0.15,
		tieThreshold: 0.25,
		lengthBias: -0.3,
		positionBias: 0.2
	},
	'likes-long': { ...CAREFUL, temperature: 0.3, lengthBias: 1.5 },
	'always-left': {
		...CAREFUL,
		reward: { weights: {}, rules: [] },
		temperature: 0,
		lapse: 0,
		tieThreshold: 0,
		positionBias: 1
	},
	tires: { ...CAREFUL, temperature: 0.3, drift: { answers: 100, reward: null, lapse: 0.5 } },
	'changes-mind': {
		...CAREFUL,
		temperature: 0.3,
		drift: { answers: 100, reward: TALKATIVE, lapse: 0.01 }
	},
	'own-rules': {
		...CAREFUL,
		reward: {
			weights: {},
			rules: [
				{ kind: 'contains', text: 'friend', weight: 1 },
				{ kind: 'regex', pattern: '\\bnot?\\b', weight: -0.5 },
				{ kind: 'word-count', least: 10, most: 60, weight: 1 }
			]
		}
	}
};

/** A fresh copy of a preset's settings. */
export function presetSettings(preset: AnnotatorPreset): AnnotatorSettings {
	return structuredClone(PRESETS[preset]);
}
