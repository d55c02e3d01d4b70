import { expect, test } from 'vitest';
import { DEFAULT_TUNE, TUNE_METHODS } from '../../src/core/config';
import { TUNE_SETTINGS } from '../../src/core/method-settings';
import { metricOf } from '../../src/core/metrics';
import { TUNE_PRESETS } from '../../src/core/presets';
import type { Setting } from '../../src/core/settings';
import { entryOf, METHOD_ENTRIES, methodEntry } from '../../src/learn/methods/catalogue';
import { methodPage } from '../../src/learn/methods/page';
import { knobRange } from '../../src/ui/training/knob-ranges';

test('every method has an entry of its own name', () => {
	expect(TUNE_METHODS.filter((method) => methodEntry(method)?.method !== method)).toEqual([]);
	expect(new Set(METHOD_ENTRIES.map(({ id }) => id)).size).toBe(METHOD_ENTRIES.length);
});

test.each(METHOD_ENTRIES)('$label: what it names is in the catalogues', (entry) => {
	const keys = [...entry.large, ...entry.small];
	expect(keys.filter((key) => !metricOf(key))).toEqual([]);
	expect(new Set(keys).size).toBe(keys.length);
	const settings = new Map<string, Setting>(Object.entries(TUNE_SETTINGS[entry.method]));
	const defaults = new Map<string, unknown>(Object.entries(DEFAULT_TUNE[entry.method]));
	for (const key of entry.knobs) {
		const setting = settings.get(key);
		if (setting?.kind !== 'number') {
			throw new Error(`${key} is no number`);
		}
		const { min, max, isPower } = knobRange(key, setting);
		const value = Number(defaults.get(key));
		const place = isPower ? Math.log10(value) : value;
		expect(place).toBeGreaterThanOrEqual(min);
		expect(place).toBeLessThanOrEqual(max);
	}
	expect([entry.sentence, entry.story].every((text) => text.endsWith('.'))).toBe(true);
	expect(entry.papers.length).toBeGreaterThan(0);
	// The variant is recognised by what it sets.
	expect(
		entryOf(entry.method, Object.assign({}, DEFAULT_TUNE[entry.method], entry.variant)).id
	).toBe(entry.id);
});

test('a page has every setting of its method once, and all its presets', () => {
	for (const entry of METHOD_ENTRIES) {
		const page = methodPage(entry);
		const shown = [...page.settings, ...page.advanced].map(({ key }) => key).toSorted();
		expect(shown).toEqual(Object.keys(DEFAULT_TUNE[entry.method]).toSorted());
		expect(page.presets).toBe(TUNE_PRESETS[entry.method]);
	}
	const cdpo = methodEntry('cdpo');
	const loss = cdpo && methodPage(cdpo).settings.find(({ key }) => key === 'loss');
	expect(loss?.defaultValue).toBe('conservative');
});
