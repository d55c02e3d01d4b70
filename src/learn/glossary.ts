/** The glossary: entries of the two catalogues, grouped for reading. */
import { DEFAULT_PPO, DEFAULT_REWARD, DEFAULT_SAMPLING } from '../core/config';
import { METRICS, metricOf, type Metric } from '../core/metrics';
import { PPO_SETTINGS, REWARD_SETTINGS, SAMPLING_SETTINGS, type Setting } from '../core/settings';

export interface SettingEntry {
	key: string;
	setting: Setting;
	defaultValue: string;
}

/** Shown first, because the charts draw them; in the order of the loop. */
const DRAWN = [
	'reward/loss',
	'reward/held_out_accuracy',
	'objective/scores',
	'objective/kl',
	'policy/entropy_avg',
	'loss/value_avg',
	'policy/clipfrac_avg',
	'tokens/responses_len_mean'
];

export function drawnMetrics(): Metric[] {
	return DRAWN.flatMap((key) => metricOf(key) ?? []);
}

export function otherMetrics(): Metric[] {
	return METRICS.filter(({ key }) => !DRAWN.includes(key));
}

/** In the order of the settings. */
export function entriesOf(
	settings: Readonly<Record<string, Setting>>,
	defaults: object
): SettingEntry[] {
	const values = new Map<string, unknown>(Object.entries(defaults));
	return Object.entries<Setting>(settings).map(([key, setting]) => ({
		key,
		setting,
		defaultValue: String(values.get(key))
	}));
}

export type SettingGroup = 'sample' | 'reward' | 'tune';

export function settingEntries(): Record<SettingGroup, SettingEntry[]> {
	return {
		sample: entriesOf(SAMPLING_SETTINGS, DEFAULT_SAMPLING),
		reward: entriesOf(REWARD_SETTINGS, DEFAULT_REWARD),
		tune: entriesOf(PPO_SETTINGS, DEFAULT_PPO)
	};
}
