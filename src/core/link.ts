/**
 * The link is the experiment: method, preset, the settings that differ from the preset, and a seed, as the query of an address
 * (`#/tune?v=1&m=rloo&p=quick&klCoef=0.2&seed=7`). Writing gives the shortest such text; reading takes anything, and gives a
 * config that can be used, with everything that was wrong with the link.
 */
import * as v from 'valibot';
import {
	DEFAULT_REWARD,
	DEFAULT_TUNE,
	isTuneMethod,
	type RewardConfig,
	type TuneConfig,
	type TuneMethod
} from './config';
import { TUNE_SETTINGS, validateTune } from './method-settings';
import {
	REWARD_PRESETS,
	TUNE_PRESETS,
	applyRewardPreset,
	applyTunePreset,
	configChanges
} from './presets';
import type { JobKind } from './records';
import { REWARD_SETTINGS, validateReward, type Setting } from './settings';

/** Grows when a setting changes its meaning; links of another version are read as far as they are understood. */
export const LINK_VERSION = 1;
/** A link of every setting there is stays below a third of this. */
export const LONGEST_LINK = 4000;
/** More say nothing that these did not. */
const MOST_PROBLEMS = 6;
const LONGEST_QUOTE = 32;

export type JobConfig = RewardConfig | TuneConfig;

export interface Experiment {
	kind: JobKind;
	config: JobConfig;
	/** Absent: whatever seed is next. */
	seed?: number;
}

export type LinkProblem =
	| { code: 'too-long'; length: number }
	| { code: 'other-version'; given: string }
	| { code: 'no-such-method'; given: string }
	| { code: 'no-such-preset'; given: string }
	| { code: 'no-such-setting'; given: string }
	| { code: 'twice'; label: string }
	| { code: 'bad-value'; label: string; given: string; used: string }
	| { code: 'out-of-range'; label: string; given: string; min: number; max: number; used: string }
	/** Settings that do not go together; the sentence is the catalogue's. */
	| { code: 'adjusted'; sentence: string }
	| { code: 'more'; count: number };

export interface ReadLink {
	experiment: Experiment;
	problems: LinkProblem[];
}

type Value = number | boolean | string;

interface KnownPreset {
	id: string;
	config: JobConfig;
}

const defaultsOf = (kind: JobKind): JobConfig =>
	kind === 'reward' ? DEFAULT_REWARD : DEFAULT_TUNE[kind];

const presetsOf = (kind: JobKind): KnownPreset[] =>
	kind === 'reward'
		? REWARD_PRESETS.map((preset) => ({ id: preset.id, config: applyRewardPreset(preset) }))
		: tunePresetsOf(kind);

const tunePresetsOf = <M extends TuneMethod>(method: M): KnownPreset[] =>
	TUNE_PRESETS[method].map((preset) => ({
		id: preset.id,
		config: applyTunePreset(method, preset)
	}));

/** Settings of a job, by the names of its config's fields. */
export const settingsOf = (kind: JobKind): ReadonlyMap<string, Setting> =>
	new Map(Object.entries<Setting>(kind === 'reward' ? REWARD_SETTINGS : TUNE_SETTINGS[kind]));

const fieldsOf = (config: JobConfig): Map<string, Value> =>
	new Map(Object.entries(config as unknown as Record<string, Value>)); // configs hold nothing else

const written = (value: Value): string =>
	typeof value === 'boolean' ? (value ? '1' : '0') : String(value);

/** Query of an address, without the question mark; empty where there is nothing but defaults to tell. */
export function writeLink({ kind, config, seed }: Experiment): string {
	const nearest = presetsOf(kind)
		.map((preset) => ({ preset, changes: configChanges<object>(preset.config, config) }))
		.reduce((best, one) => (one.changes.length < best.changes.length ? one : best));
	const fields = fieldsOf(config);
	const query = new URLSearchParams();
	if (kind !== 'reward' && kind !== 'ppo') {
		query.set('m', kind);
	}
	if (nearest.preset.id !== 'standard') {
		query.set('p', nearest.preset.id);
	}
	for (const { key } of nearest.changes as readonly { key: string }[]) {
		query.set(key, written(fields.get(key) ?? 0));
	}
	if (seed !== undefined) {
		query.set('seed', String(seed));
	}
	return query.size === 0 ? '' : `v=${LINK_VERSION}&${query.toString()}`;
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const decimal = v.pipe(v.string(), v.regex(NUMBER), v.transform(Number), v.finite());

/** What a setting may be in a link: within the catalogue's bounds, and of its kind. */
function schemaOf(setting: Setting): v.GenericSchema<unknown, Value> {
	switch (setting.kind) {
		case 'number': {
			const inside = v.pipe(decimal, v.minValue(setting.min), v.maxValue(setting.max));
			return setting.isInteger ? v.pipe(inside, v.integer()) : inside;
		}
		case 'switch':
			return v.pipe(
				v.picklist(['0', '1']),
				v.transform((text) => text === '1')
			);
		case 'choice':
			return v.picklist(setting.options.map(({ value }) => value));
	}
}

const seedSchema = v.pipe(decimal, v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));

const quote = (text: string): string =>
	text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;

function problemOf(setting: Setting, given: string, used: Value): LinkProblem {
	const said = { label: setting.label, given: quote(given), used: written(used) };
	const isOutside =
		setting.kind === 'number' &&
		NUMBER.test(given) &&
		(Number(given) < setting.min || Number(given) > setting.max);
	return isOutside
		? { code: 'out-of-range', ...said, min: setting.min, max: setting.max }
		: { code: 'bad-value', ...said };
}

/** Of the view that the link opens: reward models or tuning. */
export type LinkView = 'reward' | 'tune';

export const viewOf = (kind: JobKind): LinkView => (kind === 'reward' ? 'reward' : 'tune');

/** Reads the query of an address. What cannot be used falls back, and is a problem with a name. */
export function readLink(view: LinkView, query: string): ReadLink {
	const fallback: JobKind = view === 'reward' ? 'reward' : 'ppo';
	if (query.length > LONGEST_LINK) {
		const problem: LinkProblem = { code: 'too-long', length: query.length };
		const config = { ...defaultsOf(fallback) };
		return { experiment: { kind: fallback, config }, problems: [problem] };
	}
	const problems: LinkProblem[] = [];
	const given = onceEach(query, problems);
	const version = given.get('v') ?? String(LINK_VERSION);
	if (version !== String(LINK_VERSION)) {
		problems.push({ code: 'other-version', given: quote(version) });
	}
	const kind = kindOf(view, given.get('m'), problems);
	const base = presetOf(kind, given.get('p'), problems);
	const changes = changesOf(kind, base, given, problems);
	const checked =
		kind === 'reward'
			? validateReward({ ...base, ...changes })
			: validateTune(kind, { ...base, ...changes });
	problems.push(
		...checked.problems.map(({ message }): LinkProblem => ({ code: 'adjusted', sentence: message }))
	);
	const seed = seedOf(given.get('seed'), problems);
	return {
		experiment: { kind, config: checked.config, ...(seed !== null && { seed }) },
		problems: fewOf(problems)
	};
}

/** A name that stands twice counts as not given: which of the two was meant is anyone's guess. */
function onceEach(query: string, problems: LinkProblem[]): Map<string, string> {
	const all = [...new URLSearchParams(query)];
	const counts = new Map<string, number>();
	for (const [key] of all) {
		counts.set(key, (counts.get(key) ?? 0) + 1);
	}
	for (const [key, count] of counts) {
		if (count > 1) {
			problems.push({ code: 'twice', label: quote(key) });
		}
	}
	return new Map(all.filter(([key]) => counts.get(key) === 1));
}

function kindOf(view: LinkView, given: string | undefined, problems: LinkProblem[]): JobKind {
	if (view === 'reward') {
		if (given !== undefined) {
			problems.push({ code: 'no-such-setting', given: 'm' });
		}
		return 'reward';
	}
	if (given === undefined || isTuneMethod(given)) {
		return given ?? 'ppo';
	}
	problems.push({ code: 'no-such-method', given: quote(given) });
	return 'ppo';
}

function presetOf(kind: JobKind, given: string | undefined, problems: LinkProblem[]): JobConfig {
	const found = presetsOf(kind).find(({ id }) => id === given);
	if (given !== undefined && !found) {
		problems.push({ code: 'no-such-preset', given: quote(given) });
	}
	return found?.config ?? defaultsOf(kind);
}

function changesOf(
	kind: JobKind,
	base: JobConfig,
	given: ReadonlyMap<string, string>,
	problems: LinkProblem[]
): Record<string, Value> {
	const settings = settingsOf(kind);
	const fields = fieldsOf(base);
	const changes = new Map<string, Value>();
	for (const [key, text] of given) {
		const setting = settings.get(key);
		if (!setting) {
			if (!['v', 'm', 'p', 'seed'].includes(key)) {
				problems.push({ code: 'no-such-setting', given: quote(key) });
			}
			continue;
		}
		const read = v.safeParse(schemaOf(setting), text);
		if (read.success) {
			changes.set(key, read.output);
		} else {
			problems.push(problemOf(setting, text, fields.get(key) ?? 0));
		}
	}
	return Object.fromEntries(changes);
}

function seedOf(given: string | undefined, problems: LinkProblem[]): number | null {
	if (given === undefined) {
		return null;
	}
	const read = v.safeParse(seedSchema, given);
	if (!read.success) {
		problems.push({ code: 'bad-value', label: 'seed', given: quote(given), used: '–' });
	}
	return read.success ? read.output : null;
}

function fewOf(problems: LinkProblem[]): LinkProblem[] {
	const rest = problems.length - MOST_PROBLEMS;
	return rest <= 1
		? problems
		: [...problems.slice(0, MOST_PROBLEMS), { code: 'more', count: rest }];
}
