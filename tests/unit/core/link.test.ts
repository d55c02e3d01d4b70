import { describe, expect, test } from 'vitest';
import { DEFAULT_PPO, DEFAULT_REWARD, TUNE_METHODS } from '../../../src/core/config';
import {
	LONGEST_LINK,
	readLink,
	settingsOf,
	viewOf,
	writeLink,
	type Experiment,
	type JobConfig
} from '../../../src/core/link';
import { validateTune } from '../../../src/core/method-settings';
import { TUNE_PRESETS, applyTunePreset } from '../../../src/core/presets';
import { Random } from '../../../src/core/random';
import type { JobKind } from '../../../src/core/records';
import { validateReward, type Setting } from '../../../src/core/settings';

const KINDS: readonly JobKind[] = ['reward', ...TUNE_METHODS];

function randomValue(setting: Setting, random: Random): number | boolean | string {
	switch (setting.kind) {
		case 'number': {
			const { min, max } = setting;
			// Small values as often as large ones, and the ends now and then.
			const share = [0, 1, random.next(), random.next() ** 8][random.int(4)] ?? 0;
			const value = min + share * (max - min);
			return setting.isInteger ? Math.round(value) : value;
		}
		case 'switch':
			return random.int(2) === 1;
		case 'choice':
			return setting.options[random.int(setting.options.length)]?.value ?? '';
	}
}

/** Some settings drawn at random, and made to go together. */
function randomConfig(kind: JobKind, random: Random): JobConfig {
	const settings = [...settingsOf(kind)].filter(() => random.next() < 0.4);
	const given = Object.fromEntries(settings.map(([key, one]) => [key, randomValue(one, random)]));
	return kind === 'reward' ? validateReward(given).config : validateTune(kind, given).config;
}

const roundTrip = (experiment: Experiment) =>
	readLink(viewOf(experiment.kind), writeLink(experiment));

describe('there and back', () => {
	test.each(KINDS)('500 random configs of %s come back as they were', (kind) => {
		const random = new Random(11);
		for (let i = 0; i < 500; i++) {
			const experiment = {
				kind,
				config: randomConfig(kind, random),
				...(i % 2 === 0 && { seed: random.int(2 ** 32) })
			};
			const link = writeLink(experiment);
			expect(link.length).toBeLessThan(LONGEST_LINK / 3);
			expect(roundTrip(experiment)).toEqual({ experiment, problems: [] });
		}
	});

	test('every preset is its name alone, and the defaults are nothing at all', () => {
		for (const method of TUNE_METHODS) {
			for (const preset of TUNE_PRESETS[method]) {
				const experiment = { kind: method, config: applyTunePreset(method, preset) };
				const names = [
					...(method === 'ppo' ? [] : [`m=${method}`]),
					...(preset.id === 'standard' ? [] : [`p=${preset.id}`])
				];
				const link = writeLink(experiment);
				expect(link).toBe(names.length === 0 ? '' : ['v=1', ...names].join('&'));
				expect(roundTrip(experiment)).toEqual({ experiment, problems: [] });
			}
		}
		expect(writeLink({ kind: 'reward', config: DEFAULT_REWARD })).toBe('');
	});

	test('a change of a preset is told as the preset and that change', () => {
		const bold = TUNE_PRESETS.ppo.find(({ id }) => id === 'bold');
		const config = { ...DEFAULT_PPO, ...bold?.changes, whitenRewards: true };
		expect(writeLink({ kind: 'ppo', config, seed: 7 })).toBe('v=1&p=bold&whitenRewards=1&seed=7');
	});
});

describe('hostile links', () => {
	const read = (query: string) => readLink('tune', query);
	const codes = (query: string) => read(query).problems.map(({ code }) => code);
	const isDefault = (query: string) =>
		expect(read(query).experiment).toEqual({ kind: 'ppo', config: DEFAULT_PPO });

	test.each([
		['v=1&lrr=3', ['no-such-setting']],
		['v=1&__proto__=1&constructor=2&toString=3', Array(3).fill('no-such-setting')],
		['v=1&lr=9999', ['out-of-range']],
		['v=1&lr=-1', ['out-of-range']],
		['v=1&iterations=2.5', ['bad-value']],
		['v=1&lr=NaN&clipNorm=Infinity&batch=0x10&gamma=', Array(4).fill('bad-value')],
		['v=1&lr=1e999', ['out-of-range']],
		['v=1&whitenRewards=yes&klController=%3Cscript%3E', Array(2).fill('bad-value')],
		['v=1&lr=0.001&lr=0.002', ['twice']],
		['v=1&m=alignment', ['no-such-method']],
		['v=1&m=constructor', ['no-such-method']],
		['v=1&p=nothing', ['no-such-preset']],
		['v=2', ['other-version']],
		['v=1&seed=-4', ['bad-value']],
		['v=1&seed=4294967296', ['bad-value']],
		['%E0%A4%A&&&===', ['no-such-setting', 'no-such-setting']]
	])('%s', (query, expected) => {
		expect(codes(query)).toEqual(expected);
		isDefault(query);
	});

	test('10 kB are refused whole', () => {
		const query = `v=1&lr=0.001&${'x'.repeat(10_000)}`;
		expect(read(query).problems).toEqual([{ code: 'too-long', length: query.length }]);
		isDefault(query);
	});

	test('many unknown keys are told in a few lines, long ones in part', () => {
		const query = Array.from({ length: 200 }, (_, i) => `k${i}=1`).join('&');
		const { problems } = read(query);
		expect(problems).toHaveLength(7);
		expect(problems.at(-1)).toEqual({ code: 'more', count: 194 });
		const [long] = read(`${'y'.repeat(300)}=1`).problems;
		expect(long).toEqual({ code: 'no-such-setting', given: `${'y'.repeat(32)}…` });
	});

	test('one bad value takes none of the good ones with it', () => {
		const { experiment, problems } = read('v=1&p=gentle&lr=9&batch=16&nonsense=1');
		expect(problems).toHaveLength(2);
		// The preset's own learning rate stays.
		expect(experiment.config).toMatchObject({ batch: 16, lr: 1e-4, klTarget: 3 });
	});

	test('settings that do not go together are put right, and said to be', () => {
		const { experiment, problems } = read('v=1&batch=8&minibatches=16');
		expect(experiment.config).toMatchObject({ batch: 8, minibatches: 8 });
		expect(problems).toMatchObject([{ code: 'adjusted' }]);
	});

	test('a reward link has no method', () => {
		expect(readLink('reward', 'v=1&m=dpo&epochs=3')).toMatchObject({
			experiment: { kind: 'reward', config: { epochs: 3 } },
			problems: [{ code: 'no-such-setting', given: 'm' }]
		});
	});
});
