import { describe, expect, test } from 'vitest';
import { describeTime, Eta } from '../../../src/core/eta';

function etaAfter(...durationsMs: number[]): Eta {
	const eta = new Eta();
	for (const duration of durationsMs) {
		eta.stepDone(duration);
	}
	return eta;
}

describe('Eta', () => {
	test('says nothing before five steps', () => {
		expect(etaAfter(100, 100, 100, 100).remainingMs(10)).toBeNull();
		expect(etaAfter(100, 100, 100, 100, 100).remainingMs(10)).toBe(1000);
	});

	test('goes by the median, so that one slow step changes nothing', () => {
		expect(etaAfter(100, 100, 90_000, 100, 100).remainingMs(10)).toBe(1000);
		expect(etaAfter(10, 20, 30, 40, 50, 60).remainingMs(2)).toBe(70);
	});

	test('forgets steps long past', () => {
		const eta = etaAfter(...new Array<number>(30).fill(1000), ...new Array<number>(15).fill(10));
		expect(eta.remainingMs(3)).toBe(30);
	});

	test('never counts up by more than a step', () => {
		const eta = etaAfter(100, 100, 100, 100, 100);
		expect(eta.remainingMs(20)).toBe(2000);
		for (let i = 0; i < 15; i++) {
			eta.stepDone(1000);
		}
		expect(eta.remainingMs(19)).toBe(3000);
		expect(eta.remainingMs(18)).toBe(4000);
		expect(eta.remainingMs(1)).toBe(1000);
	});
});

describe('describeTime', () => {
	test('rounds as far as an estimate deserves', () => {
		const seconds: [number, string][] = [
			[0, 'a few seconds'],
			[4.9, 'a few seconds'],
			[5, 'about 10 s'],
			[34, 'about 30 s'],
			[54, 'about 50 s'],
			[56, 'about 1 min'],
			[250, 'about 4 min'],
			[59 * 60, 'about 59 min'],
			[59.8 * 60, 'about 1 h'],
			[95 * 60, 'about 1 h 30 min'],
			[7.1 * 3600, 'about 7 h']
		];
		for (const [time, text] of seconds) {
			expect(describeTime(time * 1000)).toBe(text);
		}
	});
});
