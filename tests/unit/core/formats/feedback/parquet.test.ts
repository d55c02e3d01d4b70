import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { ThriftReader } from '../../../../../src/core/formats/feedback/containers/thrift';
import { Random } from '../../../../../src/core/random';
import { EXAMPLES } from './examples';
import { exportAs, importText, jsonLines } from './files';

async function sample(schema: 'trl-preference' | 'trl-unpaired' | 'arena') {
	const { rows } = await importText(jsonLines(EXAMPLES[schema]));
	return (await exportAs(rows, { schema, container: 'parquet' })).bytes;
}

const codeOf = (bytes: Uint8Array<ArrayBuffer>) =>
	importText(bytes).then(
		() => null,
		(error: unknown) => (error as { code?: string }).code
	);

describe('a Parquet file', () => {
	test('of several row groups comes whole and in order', async () => {
		const lines = Array.from({ length: 2500 }, (_, i) => ({
			prompt: `p${i}`,
			chosen: 'yes',
			rejected: `no ${i % 7}`
		}));
		const { rows } = await importText(jsonLines(lines));
		const { bytes } = await exportAs(rows, { schema: 'trl-preference', container: 'parquet' });
		const again = await importText(bytes);
		expect(again.report).toMatchObject({ container: 'parquet', rows: 2500, failed: 0 });
		expect(again.rows).toEqual(rows);
	});

	test('has problems row by row: bytes that are no text, numbers that are too large, bad JSON', async () => {
		const text = (value: string) => new TextEncoder().encode(value);
		const buffer = parquetWriteBuffer({
			columnData: [
				{ name: 'prompt', data: ['a', 'b', 'c', 'd\0'], type: 'STRING' },
				{
					name: 'chosen',
					data: [text('x'), Uint8Array.of(0xff, 0x41), text('y'), text('z')],
					type: 'BYTE_ARRAY'
				},
				{ name: 'rejected', data: ['1', '2', '3', '4'], type: 'STRING' },
				{ name: 'n', data: [1n, 2n, 2n ** 60n, 4n], type: 'INT64' }
			]
		});
		const { rows, report } = await importText(new Uint8Array(buffer));
		expect(rows).toMatchObject([{ prompt: { text: 'a' }, origin: { columns: { n: 1 } } }]);
		expect(report.problemList.map(({ line, problem }) => [line, problem])).toEqual([
			[2, 'not-utf8'],
			[3, 'number-too-large'],
			[4, 'nul']
		]);
	});

	test('with a column named __proto__ is refused', async () => {
		const buffer = parquetWriteBuffer({
			columnData: [{ name: '__proto__', data: ['a'], type: 'STRING' }]
		});
		expect(await codeOf(new Uint8Array(buffer))).toBe('corrupt-file');
	});

	test('that is cut short anywhere is refused', async () => {
		const bytes = await sample('trl-preference');
		for (let length = 4; length < bytes.length; length += 97) {
			expect(await codeOf(bytes.slice(0, length))).toBe('corrupt-file');
		}
	});
});

test('damaged Parquet files end in rows or an error with a code, and ask for no memory they cannot fill', async () => {
	const random = new Random(21);
	const files = [
		await sample('trl-preference'),
		await sample('trl-unpaired'),
		await sample('arena')
	];
	const before = process.memoryUsage().arrayBuffers;
	let refused = 0;
	for (let round = 0; round < 600; round++) {
		const bytes = (files[round % files.length] ?? new Uint8Array()).slice();
		for (let i = 0; i <= random.int(3); i++) {
			// Half of the damage goes where the file describes itself.
			const from = random.int(2) === 0 ? 4 : Math.floor(bytes.length / 2);
			bytes[from + random.int(bytes.length - from - 8)] = random.int(256);
		}
		try {
			await importText(bytes);
		} catch (error) {
			refused++;
			expect(error).toHaveProperty('name', 'FormatError');
		}
		expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(400 * 2 ** 20);
	}
	expect(refused).toBeGreaterThan(100);
}, 60_000);

describe('headers', () => {
	test('that claim more than there is are refused before anything is made', () => {
		const read =
			(...bytes: number[]) =>
			() =>
				new ThriftReader(Uint8Array.from(bytes)).struct();
		// Field 1 as a list of 2^31 numbers, as 2^31 bytes, as structures without end, and a number without one.
		expect(read(0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x07)).toThrow('longer than its file');
		expect(read(0x18, 0xff, 0xff, 0xff, 0xff, 0x07)).toThrow('cut short');
		expect(read(...Array.from({ length: 50 }, () => 0x1c))).toThrow('nested too deep');
		expect(read(0x15, ...Array.from({ length: 20 }, () => 0xff))).toThrow('too long');
	});

	test('are read as they were written', () => {
		const bytes = Uint8Array.of(
			0x15,
			0x0e,
			0x28,
			0x02,
			0x68,
			0x69,
			0x11,
			0x19,
			0x25,
			0x02,
			0x03,
			0
		);
		const fields = new ThriftReader(bytes).struct();
		expect([...fields]).toEqual([
			[1, 7],
			[3, Uint8Array.of(0x68, 0x69)],
			[4, true],
			[5, [1, -2]]
		]);
	});
});
