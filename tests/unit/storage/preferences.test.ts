import { expect, test } from 'vitest';
import { Persisted } from '../../../src/storage/preferences';

class MemoryKeeper {
	readonly items = new Map<string, string>();

	getItem(key: string): string | null {
		return this.items.get(key) ?? null;
	}

	setItem(key: string, value: string): void {
		this.items.set(key, value);
	}
}

test('preferences survive a reload', () => {
	const keeper = new MemoryKeeper();
	new Persisted(keeper).set({ theme: 'dark', activeStudyId: 'study', smoothing: 0.9 });
	expect(new Persisted(keeper).values).toMatchObject({
		theme: 'dark',
		activeStudyId: 'study',
		smoothing: 0.9,
		backend: 'auto'
	});
});

test('a spoilt field falls back alone', () => {
	const keeper = new MemoryKeeper();
	keeper.setItem('tiller.preferences', '{"theme":"purple","smoothing":7,"backend":"wasm"}');
	expect(new Persisted(keeper).values).toMatchObject({
		theme: 'system',
		smoothing: 0.6,
		backend: 'wasm'
	});
});

test.each(['not json', 'null', '[]', '3'])('stored %s gives the defaults', (text) => {
	const keeper = new MemoryKeeper();
	keeper.setItem('tiller.preferences', text);
	expect(new Persisted(keeper).values).toEqual(new Persisted(null).values);
});

test('where localStorage is closed or full, a choice holds for the page', () => {
	const closed = {
		getItem: () => {
			throw new DOMException('closed', 'SecurityError');
		},
		setItem: () => {
			throw new DOMException('full', 'QuotaExceededError');
		}
	};
	const preferences = new Persisted(closed);
	preferences.set({ theme: 'light' });
	expect(preferences.values.theme).toBe('light');
});
