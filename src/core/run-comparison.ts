/** Runs side by side: which settings differ, and from which default. */
import { DEFAULT_REWARD, DEFAULT_TUNE } from './config';
import { settingsOf } from './link';
import type { JobKind, Run } from './records';

type Value = number | boolean | string;

export interface ComparedSetting {
	key: string;
	label: string;
	/** One for each run, in their order; null where its method has no such setting. */
	cells: ({ value: Value; isDefault: boolean } | null)[];
}

const defaultsOf = (kind: JobKind): ReadonlyMap<string, unknown> =>
	new Map(Object.entries(kind === 'reward' ? DEFAULT_REWARD : DEFAULT_TUNE[kind]));

const isValue = (value: unknown): value is Value =>
	['number', 'boolean', 'string'].includes(typeof value);

/** Settings in which not all of the runs agree, in the order of the catalogue; a run without the setting is no disagreement. */
export function differingSettings(
	runs: readonly Pick<Run, 'kind' | 'config'>[]
): ComparedSetting[] {
	const configs = runs.map(({ config }) => new Map<string, unknown>(Object.entries(config)));
	const defaults = runs.map(({ kind }) => defaultsOf(kind));
	const labels = new Map(
		runs.flatMap(({ kind }) => [...settingsOf(kind)].map(([key, { label }]) => [key, label]))
	);
	return [...labels].flatMap(([key, label]): ComparedSetting[] => {
		const cells = configs.map((config, i) => {
			// A run made before the setting was there ran as its default says.
			const value = config.has(key) ? config.get(key) : defaults[i]?.get(key);
			return isValue(value) ? { value, isDefault: value === defaults[i]?.get(key) } : null;
		});
		const values = new Set(cells.flatMap((cell) => (cell ? [cell.value] : [])));
		return values.size > 1 ? [{ key, label, cells }] : [];
	});
}

/** Settings of one run that are not the default's. */
export function changedSettings({ kind, config }: Pick<Run, 'kind' | 'config'>): {
	key: string;
	label: string;
	value: Value;
	default: Value;
}[] {
	const given = new Map<string, unknown>(Object.entries(config));
	const defaults = defaultsOf(kind);
	return [...settingsOf(kind)].flatMap(([key, { label }]) => {
		const [value, usual] = [given.get(key), defaults.get(key)];
		return isValue(value) && isValue(usual) && value !== usual
			? [{ key, label, value, default: usual }]
			: [];
	});
}
