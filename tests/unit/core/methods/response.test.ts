import { describe, expect, test } from 'vitest';
import {
	gradientAfter,
	responseLengths,
	responseMask,
	responseSums,
	selectRows,
	selectTokens,
	valuesBefore
} from '../../../../src/core/methods/response';
import { batchOf } from '../batches';

/** Two response tokens; none; none, with nothing but a prompt of the full width; all but the first. */
const batch = batchOf(5, [
	[2, 4],
	[3, 3],
	[5, 5],
	[0, 5]
]);
const counted = Float64Array.from({ length: 20 }, (_, i) => i);

describe('the response of a batch', () => {
	test('is the columns from the prompt to the length, never column 0', () => {
		expect([...responseMask(batch)]).toEqual(
			[
				[0, 0, 1, 1, 0],
				[0, 0, 0, 0, 0],
				[0, 0, 0, 0, 0],
				[0, 1, 1, 1, 1]
			].flat()
		);
		expect([...responseLengths(batch)]).toEqual([2, 0, 0, 4]);
		expect([...responseSums(batch, counted)]).toEqual([5, 0, 0, 16 + 17 + 18 + 19]);
	});

	test('has no token in a row that is shorter than its prompt', () => {
		const short = batchOf(3, [[3, 1]]);
		expect([...responseMask(short)]).toEqual([0, 0, 0]);
		expect([...responseLengths(short)]).toEqual([0]);
	});
});

describe('values', () => {
	test('before a response token are read after the token before it', () => {
		const before = [...valuesBefore(batch, counted)];
		expect(before.slice(0, 5)).toEqual([0, 0, 1, 2, 0]);
		expect(before.slice(15)).toEqual([0, 15, 16, 17, 18]);
	});

	test('send their gradients back by the transpose', () => {
		const weights = counted.map((x) => Math.sin(x));
		const dot = (x: Float64Array, y: Float64Array) =>
			x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0);
		expect(dot(valuesBefore(batch, counted), weights)).toBeCloseTo(
			dot(counted, gradientAfter(batch, weights)),
			12
		);
	});
});

describe('a minibatch', () => {
	test('takes rows and what belongs to them in the given order', () => {
		const part = selectRows(batch, [3, 0]);
		expect({ B: part.B, T: part.T }).toEqual({ B: 2, T: 5 });
		expect([...part.promptLength]).toEqual([0, 2]);
		expect([...part.length]).toEqual([5, 4]);
		expect([...part.ids]).toEqual([...selectTokens(counted, 5, [3, 0])]);
		expect(part.ids[0]).toBe(15);
		expect(() => selectRows(batch, [4])).toThrow(RangeError);
	});
});
