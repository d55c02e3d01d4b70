import { describe, expect, test } from 'vitest';
import {
	DEFAULT_PPO,
	DEFAULT_REWARD,
	DEFAULT_SAMPLING,
	DEFAULT_TUNE,
	isTuneMethod,
	TUNE_METHODS
} from '../../../src/core/config';
import { TUNE_SETTINGS, validateTune } from '../../../src/core/method-settings';
import { METRICS, metricOf } from '../../../src/core/metrics';
import { assembleRewards } from '../../../src/core/methods/reward-assembly';
import { bradleyTerryLoss } from '../../../src/core/methods/bradley-terry';
import { ppoLoss } from '../../../src/core/methods/ppo';
import {
	applyPpoPreset,
	applyRewardPreset,
	applyTunePreset,
	configChanges,
	PPO_PRESETS,
	REWARD_PRESETS,
	TUNE_PRESETS
} from '../../../src/core/presets';
import {
	PPO_SETTINGS,
	REWARD_SETTINGS,
	SAMPLING_SETTINGS,
	type Setting,
	validatePpo,
	validateReward,
	validateSampling
} from '../../../src/core/settings';
import { batchOf } from './batches';

describe('the catalogue of metrics', () => {
	test('has one entry a key, with a label of its own and one sentence of help', () => {
		expect(new Set(METRICS.map((metric) => metric.key)).size).toBe(METRICS.length);
		expect(new Set(METRICS.map((metric) => metric.label)).size).toBe(METRICS.length);
		for (const { key, help, formula, source } of METRICS) {
			expect(help, key).toMatch(/^[A-Z0-9].*[^.]\.$/);
			expect(formula && source, key).toBeTruthy();
		}
	});

	test('knows every metric that the methods report', () => {
		const batch = batchOf(2, [
			[1, 2],
			[1, 2]
		]);
		const tokens = new Float64Array(4).fill(-1);
		const scores = { logProb: tokens, entropy: tokens, value: [tokens] };
		const targets = { oldLogProb: tokens, oldValue: tokens, advantages: tokens, returns: tokens };
		const reported = [
			ppoLoss(targets, DEFAULT_PPO)(scores, batch).metrics,
			bradleyTerryLoss(Float64Array.of(1))(scores, batch).metrics,
			assembleRewards({
				batch,
				scores: new Float64Array(2),
				logProb: tokens,
				refLogProb: tokens,
				beta: 0.1,
				stopped: new Uint8Array(2),
				missingEos: 'none',
				missingEosPenalty: 1,
				scoreClip: 0
			}).metrics
		].flatMap((metrics) => Object.keys(metrics));
		expect(reported.length).toBeGreaterThan(20);
		expect(reported.filter((key) => !metricOf(key))).toEqual([]);
		expect(metricOf('unheard/of')).toBeUndefined();
	});
});

describe('the catalogue of settings', () => {
	const catalogues: [string, Record<string, Setting>, object][] = [
		['sampling', SAMPLING_SETTINGS, DEFAULT_SAMPLING],
		['reward', REWARD_SETTINGS, DEFAULT_REWARD],
		['tuning', PPO_SETTINGS, DEFAULT_PPO],
		...TUNE_METHODS.map((method): [string, Record<string, Setting>, object] => [
			method,
			TUNE_SETTINGS[method],
			DEFAULT_TUNE[method]
		])
	];

	test.each(catalogues)('covers every field of the %s config', (_, settings, defaults) => {
		expect(Object.keys(settings).sort()).toEqual(Object.keys(defaults).sort());
		for (const [key, { help, label }] of Object.entries(settings)) {
			expect(help, key).toMatch(/^[A-Z0-9].*\.$/);
			expect(label.length, key).toBeLessThan(34);
		}
	});

	test('accepts its own defaults without a word', () => {
		expect(validateSampling(DEFAULT_SAMPLING)).toEqual({ config: DEFAULT_SAMPLING, problems: [] });
		expect(validateReward(DEFAULT_REWARD)).toEqual({ config: DEFAULT_REWARD, problems: [] });
		expect(validatePpo(DEFAULT_PPO)).toEqual({ config: DEFAULT_PPO, problems: [] });
	});
});

describe('the methods', () => {
	test.each(TUNE_METHODS)('%s has valid defaults and presets that change something', (method) => {
		expect(isTuneMethod(method)).toBe(true);
		const defaults = DEFAULT_TUNE[method];
		expect(validateTune(method, defaults)).toEqual({ config: defaults, problems: [] });
		const [first, ...others] = TUNE_PRESETS[method];
		expect(first?.changes).toEqual({});
		expect(others.length).toBeGreaterThan(0);
		for (const { id } of others) {
			expect(new Set(TUNE_PRESETS[method].map((preset) => preset.id)).has(id)).toBe(true);
		}
		expect(new Set(TUNE_PRESETS[method].map(({ id }) => id)).size).toBe(others.length + 1);
	});

	test('presets of each are valid configs', () => {
		const check = <M extends (typeof TUNE_METHODS)[number]>(method: M) => {
			for (const preset of TUNE_PRESETS[method]) {
				const config = applyTunePreset(method, preset);
				expect(validateTune(method, config), `${method} ${preset.id}`).toEqual({
					config,
					problems: []
				});
			}
		};
		TUNE_METHODS.forEach(check);
		expect(isTuneMethod('reward')).toBe(false);
		expect(isTuneMethod('toString')).toBe(false);
	});

	test('a batch of groups is made whole, and it is said', () => {
		const { config, problems } = validateTune('rloo', { batch: 30, perPrompt: 4 });
		expect(config).toMatchObject({ batch: 32, perPrompt: 4 });
		expect(problems).toMatchObject([{ key: 'batch' }]);
	});
});

describe('validation', () => {
	test('clips numbers to their bounds and says so', () => {
		const { config, problems } = validatePpo({ batch: 1e9, temperature: -3 });
		expect([config.batch, config.temperature]).toEqual([512, 0.1]);
		expect(problems.map((problem) => problem.key).sort()).toEqual(['batch', 'temperature']);
		expect(problems[0]?.message).toMatch(/512|0\.1/);
	});

	test('rounds what must be whole and takes the default for what is no number', () => {
		const { config, problems } = validateReward({
			epochs: 2.6,
			lr: NaN,
			center: '0.5',
			lapse: null
		});
		expect(config).toEqual({ ...DEFAULT_REWARD, epochs: 3 });
		expect(problems).toHaveLength(4);
	});

	test('refuses unknown choices, switches and settings', () => {
		const { config, problems } = validatePpo({
			klController: 'magic',
			whitenRewards: 1,
			futureThing: 3
		});
		expect(config).toEqual(DEFAULT_PPO);
		expect(problems.map((problem) => problem.key).sort()).toEqual([
			'futureThing',
			'klController',
			'whitenRewards'
		]);
	});

	test('gives defaults for anything that is not an object', () => {
		for (const input of [null, 'x', 7, undefined, []]) {
			expect(validateSampling(input).config).toEqual(DEFAULT_SAMPLING);
		}
	});

	test('keeps fields of a config in step with each other', () => {
		const { config, problems } = validatePpo({ batch: 4, minibatches: 8, dualClip: 0.5 });
		expect([config.minibatches, config.dualClip]).toEqual([4, 0]);
		expect(problems).toHaveLength(2);
	});
});

describe('presets', () => {
	test('are valid configs, and all but the standard ones change something', () => {
		for (const preset of PPO_PRESETS) {
			const config = applyPpoPreset(preset);
			expect(validatePpo(config), preset.id).toEqual({ config, problems: [] });
			expect(configChanges(DEFAULT_PPO, config).length > 0, preset.id).toBe(
				preset.id !== 'standard'
			);
		}
		for (const preset of REWARD_PRESETS) {
			const config = applyRewardPreset(preset);
			expect(validateReward(config), preset.id).toEqual({ config, problems: [] });
			expect(configChanges(DEFAULT_REWARD, config).length > 0).toBe(preset.id !== 'standard');
		}
	});

	test('show exactly the fields they change', () => {
		const changed = { ...DEFAULT_PPO, lr: 1, batch: 3 };
		expect(configChanges(DEFAULT_PPO, changed)).toEqual([
			{ key: 'batch', from: 32, to: 3 },
			{ key: 'lr', from: DEFAULT_PPO.lr, to: 1 }
		]);
	});
});
