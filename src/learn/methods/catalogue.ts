/** All methods, in the order in which they are offered. */
import type { TuneConfig, TuneMethod } from '../../core/config';
import { ANSWERING } from './answering';
import type { MethodEntry, MethodFamily, MethodId } from './method-entry';
import { WRITING } from './writing';

export const METHOD_ENTRIES: readonly MethodEntry[] = [...WRITING, ...ANSWERING];

export const METHOD_FAMILIES: readonly MethodFamily[] = [
	'writes',
	'answers',
	'imitates',
	'compares'
];

const BY_ID: ReadonlyMap<string, MethodEntry> = new Map(
	METHOD_ENTRIES.map((entry) => [entry.id, entry])
);

export function methodEntry(id: string): MethodEntry | null {
	return BY_ID.get(id) ?? null;
}

/** The entry of a method with these settings: a variant where they are the variant's. */
export function entryOf(method: TuneMethod, config: TuneConfig): MethodEntry {
	const fields = new Map<string, unknown>(Object.entries(config));
	const isMeant = ({ variant }: MethodEntry) =>
		Object.entries(variant ?? {}).every(([key, value]) => fields.get(key) === value);
	const entries = METHOD_ENTRIES.filter((entry) => entry.method === method);
	const entry = entries.find(isMeant) ?? entries[0];
	if (!entry) {
		throw new RangeError(`no entry for the method ${method}`);
	}
	return entry;
}

/** What a method is called, where its settings do not matter. */
export function methodLabel(id: MethodId): string {
	return methodEntry(id)?.label ?? id;
}
