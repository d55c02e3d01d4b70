/** What the page of a method shows, all of it read from the catalogues of methods, settings, metrics and presets. */
import { DEFAULT_TUNE } from '../../core/config';
import { TUNE_SETTINGS } from '../../core/method-settings';
import { metricOf, type Metric } from '../../core/metrics';
import { TUNE_PRESETS, type Preset } from '../../core/presets';
import { entriesOf, type SettingEntry } from '../glossary';
import type { MethodEntry } from './method-entry';

export interface MethodPage {
	metrics: Metric[];
	/** Settings that every reader meets, and those shown on request. */
	settings: SettingEntry[];
	advanced: SettingEntry[];
	presets: readonly Preset<object>[];
}

export function methodPage({ method, variant, large, small }: MethodEntry): MethodPage {
	const defaults: object = { ...DEFAULT_TUNE[method], ...variant };
	const entries = entriesOf(TUNE_SETTINGS[method], defaults);
	return {
		metrics: [...large, ...small].flatMap((key) => metricOf(key) ?? []),
		settings: entries.filter(({ setting }) => !setting.advanced),
		advanced: entries.filter(({ setting }) => setting.advanced),
		presets: TUNE_PRESETS[method]
	};
}
