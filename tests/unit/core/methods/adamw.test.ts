import { describe, expect, test } from 'vitest';
import { adamwUpdate, clipFactor, globalNorm } from '../../../../src/core/methods/adamw';
import { expectClose, golden } from '../numeric';

interface Fixture {
	lr: number;
	theta0: number[];
	grads: number[][];
	delta_theta_pytorch_style: number[][];
	delta_theta_tf1_style: number[][];
	'delta_theta_adamw_wd0.01': number[][];
	clip: { grad: number[]; norm: number; max_norm: number; clipped: number[] };
}

const fixture = golden<Fixture>('13_adam_and_clip');

/** Change of theta after each of the fixture's gradients. */
function trace(weightDecay: number): number[][] {
	const param = Float64Array.from(fixture.theta0);
	const m = new Float64Array(3);
	const v = new Float64Array(3);
	return fixture.grads.map((gradient, i) => {
		const grad = Float64Array.from(gradient);
		adamwUpdate({ param, grad, m, v, step: i + 1, lr: fixture.lr, weightDecay });
		return Array.from(param, (x, k) => x - (fixture.theta0[k] ?? NaN));
	});
}

/** Deltas are of size 1e-5, so that an absolute 1e-10 would say little: compare to 9 digits of the largest. */
function expectTrace(actual: number[][], expected: number[][]): void {
	actual.forEach((row, i) => expectClose(row, expected[i] ?? [], 1e-14));
}

describe('adamwUpdate', () => {
	test('follows PyTorch step by step, epsilon inside the correction', () => {
		expectTrace(trace(0), fixture.delta_theta_pytorch_style);
		expect(() => expectTrace(trace(0), fixture.delta_theta_tf1_style)).toThrow();
	});

	test('decays the weights apart from the gradient', () => {
		expectTrace(trace(0.01), fixture['delta_theta_adamw_wd0.01']);
	});

	test('scales the gradient as if it had been scaled before', () => {
		const run = (grad: number[], gradScale: number): Float64Array => {
			const state = { param: new Float64Array(2), m: new Float64Array(2), v: new Float64Array(2) };
			adamwUpdate({ ...state, grad: Float64Array.from(grad), step: 3, lr: 0.1, gradScale });
			return state.param;
		};
		expectClose(run([2e-5, -8e-5], 0.25), run([0.5e-5, -2e-5], 1), 1e-15);
	});

	test('leaves a weight alone where the gradient has always been zero', () => {
		const param = Float32Array.of(1, 2);
		const zeros = () => new Float32Array(2);
		adamwUpdate({ param, grad: zeros(), m: zeros(), v: zeros(), step: 1, lr: 0.1 });
		expect([...param]).toEqual([1, 2]);
	});

	test('refuses arrays of different lengths and a step that is not counted from 1', () => {
		const three = new Float32Array(3);
		const update = { param: three, grad: three, m: three, v: three, step: 1, lr: 0.1 };
		expect(() => adamwUpdate({ ...update, v: new Float32Array(2) })).toThrow(RangeError);
		expect(() => adamwUpdate({ ...update, step: 0 })).toThrow(RangeError);
	});
});

describe('clipping by global norm', () => {
	const { grad, norm, max_norm: maxNorm, clipped } = fixture.clip;

	test('matches the golden norm and gradient, over several arrays', () => {
		const total = globalNorm([
			Float32Array.from(grad.slice(0, 1)),
			Float64Array.from(grad.slice(1))
		]);
		expect(total).toBeCloseTo(norm, 12);
		expectClose(
			grad.map((g) => g * clipFactor(total, maxNorm)),
			clipped
		);
	});

	test('never enlarges a gradient, and does nothing at a limit of Infinity', () => {
		expect(clipFactor(0.5, 1)).toBe(1);
		expect(clipFactor(0, 1)).toBe(1);
		expect(clipFactor(1e9, Infinity)).toBe(1);
	});

	test('shows a gradient that is not finite', () => {
		expect(globalNorm([Float32Array.of(1, NaN)])).toBeNaN();
		expect(globalNorm([Float32Array.of(1, -Infinity)])).toBe(Infinity);
	});
});
