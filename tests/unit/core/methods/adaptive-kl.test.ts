import { describe, expect, test } from 'vitest';
import { KlController } from '../../../../src/core/methods/adaptive-kl';
import { golden } from '../numeric';

interface Fixture {
	cases: {
		init: number;
		target: number;
		horizon: number;
		n_steps: number;
		trace: { kl: number; coef_after: number }[];
	}[];
}

const { cases } = golden<Fixture>('06_adaptive_kl');
const adaptive = {
	kind: 'adaptive',
	coef: 0.1,
	target: 6,
	horizon: 0,
	totalEpisodes: 1280
} as const;

describe('KlController', () => {
	test.each(cases)('follows the golden trace from $init', (expected) => {
		const { init, target, horizon, n_steps: episodes, trace } = expected;
		const controller = KlController.create({ ...adaptive, coef: init, target, horizon });
		for (const { kl, coef_after: after } of trace) {
			controller.update(kl, episodes);
			expect(controller.coef).toBeCloseTo(after, 14);
		}
	});

	test('raises the coefficient above the target and lowers it below', () => {
		const controller = KlController.create(adaptive);
		controller.update(6.1, 2);
		expect(controller.coef).toBeGreaterThan(0.1);
		const high = controller.coef;
		controller.update(5, 2);
		expect(controller.coef).toBeLessThan(high);
	});

	test('takes a hundredth of the run as horizon 0', () => {
		const controller = KlController.create(adaptive);
		controller.update(100, 1);
		expect(controller.coef).toBeCloseTo(0.1 * (1 + 0.2 / 12.8), 14);
		expect(controller.state().horizon).toBe(12.8);
	});

	test('moves by a fifth at most, even by a batch of many horizons', () => {
		const controller = KlController.create(adaptive);
		controller.update(0, 1280);
		expect(controller.coef).toBeCloseTo(0.08, 14);
		controller.update(1e9, 1280);
		expect(controller.coef).toBeCloseTo(0.096, 14);
	});

	test('a fixed one never moves, and none moves by a KL that is not a number', () => {
		const fixed = KlController.create({ ...adaptive, kind: 'fixed', target: 0 });
		fixed.update(50, 64);
		expect(fixed.coef).toBe(0.1);
		const controller = KlController.create(adaptive);
		controller.update(NaN, 64);
		expect(controller.coef).toBe(0.1);
	});

	test('goes on from a saved state as if never interrupted', () => {
		const one = KlController.create(adaptive);
		one.update(9, 4);
		const other = KlController.from(JSON.parse(JSON.stringify(one.state())));
		for (const controller of [one, other]) {
			controller.update(2, 4);
		}
		expect(other.state()).toEqual(one.state());
		expect(other.coef).not.toBe(0.1);
	});

	test('refuses settings that it cannot use', () => {
		expect(() => KlController.create({ ...adaptive, coef: -1 })).toThrow(RangeError);
		expect(() => KlController.create({ ...adaptive, target: 0 })).toThrow(RangeError);
		expect(() => KlController.create({ ...adaptive, totalEpisodes: 0 })).toThrow(RangeError);
	});
});
