import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../../src/core/formats/safetensors';

function file(header: unknown, data = new Uint8Array()): Uint8Array {
	const json = typeof header === 'string' ? header : JSON.stringify(header);
	const head = new TextEncoder().encode(json);
	const bytes = new Uint8Array(8 + head.length + data.length);
	new DataView(bytes.buffer).setUint32(0, head.length, true);
	bytes.set(head, 8);
	bytes.set(data, 8 + head.length);
	return bytes;
}

const tensor = (shape: number[], from: number, to: number, dtype = 'F32') => ({
	dtype,
	shape,
	data_offsets: [from, to]
});

describe('reading', () => {
	test('what was written comes back, names, shapes and every bit', () => {
		const data = Float32Array.of(1, -2.5, 1e-40, Infinity, NaN, 0);
		const bytes = writeSafetensors([
			{ name: 'b', shape: [2, 3], data },
			{ name: 'a', shape: [1], data: Float32Array.of(7) }
		]);
		const read = readSafetensors(bytes);
		expect(read.metadata).toEqual({ format: 'pt' });
		expect([...read.tensors.keys()].sort()).toEqual(['a', 'b']);
		expect(read.tensors.get('b')?.shape).toEqual([2, 3]);
		expect(new Uint32Array(read.read('b').buffer)).toEqual(new Uint32Array(data.buffer));
		expect((bytes.length - 7 * 4) % 8).toBe(0);
	});

	test('half and bfloat16 numbers are what they stand for, subnormals and infinities too', () => {
		const halves = [0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0x8000];
		const read = readSafetensors(
			file(
				{ h: tensor([7], 0, 14, 'F16'), b: tensor([2], 14, 18, 'BF16') },
				new Uint8Array(Uint16Array.from([...halves, 0x3f80, 0xc020]).buffer)
			)
		);
		expect(Array.from(read.read('h'))).toEqual([
			1,
			-2,
			2 ** -24,
			1023 * 2 ** -24,
			65_504,
			Infinity,
			-0
		]);
		expect(Array.from(read.read('b'))).toEqual([1, -2.5]);
	});

	test('the built-in weights are read whole', () => {
		const read = readSafetensors(readFileSync('public/models/stories-1m/model.safetensors'));
		expect(read.tensors.size).toBe(38);
		expect([...read.tensors.values()].reduce((sum, t) => sum + t.elements, 0)).toBe(1_053_824);
	});
});

describe('refusing', () => {
	const good = file({ a: tensor([2], 0, 8) }, new Uint8Array(8));
	const cases: [string, Uint8Array, string][] = [
		['nothing', new Uint8Array(), 'corrupt-file'],
		['a header longer than the file', good.slice(0, 20), 'corrupt-file'],
		['a truncated tensor', good.slice(0, -1), 'corrupt-file'],
		[
			'bytes after the last tensor',
			file({ a: tensor([2], 0, 8) }, new Uint8Array(9)),
			'corrupt-file'
		],
		[
			'a header that claims gigabytes',
			(() => {
				const b = good.slice();
				new DataView(b.buffer).setUint32(4, 7, true);
				return b;
			})(),
			'too-large'
		],
		['a header that is not JSON', file('{"a":', new Uint8Array()), 'corrupt-file'],
		['a header that is a list', file('[]'), 'corrupt-file'],
		[
			'a name twice',
			file(
				'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
				new Uint8Array(4)
			),
			'corrupt-file'
		],
		[
			'tensors that overlap',
			file({ a: tensor([2], 0, 8), b: tensor([2], 4, 12) }, new Uint8Array(12)),
			'corrupt-file'
		],
		[
			'a hole between tensors',
			file({ a: tensor([1], 0, 4), b: tensor([1], 8, 12) }, new Uint8Array(12)),
			'corrupt-file'
		],
		[
			'a shape that does not fill its bytes',
			file({ a: tensor([3], 0, 8) }, new Uint8Array(8)),
			'corrupt-file'
		],
		[
			'a shape whose product is beyond counting',
			file({ a: tensor([2 ** 31, 2 ** 31, 2 ** 31], 0, 8) }, new Uint8Array(8)),
			'too-large'
		],
		['a negative size', file({ a: tensor([-2], 0, 8) }, new Uint8Array(8)), 'corrupt-file'],
		[
			'a number type it cannot read',
			file({ a: tensor([1], 0, 8, 'I64') }, new Uint8Array(8)),
			'wrong-shape'
		],
		['metadata that is not text', file({ __metadata__: { a: 1 } }), 'corrupt-file']
	];
	test.each(cases)('%s', (_name, bytes, code) => {
		expect(() => readSafetensors(bytes)).toThrow(
			expect.objectContaining({ name: 'FormatError', code })
		);
	});

	test('a tensor that is not there', () => {
		expect(() => readSafetensors(good).read('z')).toThrow(
			expect.objectContaining({ code: 'wrong-shape' })
		);
	});
});
