import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { promptText } from '../../../../../src/core/formats/feedback/content';
import { exportAs, importText, linesOf } from './files';

const shelf = process.env['TILLER_SHELF'];
const FILE = 'data/preference/hh-rlhf_harmless-base_test.jsonl.gz';

test.skipIf(!shelf)(
	'hh-rlhf, harmless, test imports whole and is written as it was (third-party data, needs TILLER_SHELF)',
	async () => {
		const bytes = new Uint8Array(readFileSync(join(shelf ?? '', FILE)));
		const { rows, report } = await importText(bytes);
		expect(report).toMatchObject({
			schema: 'hh-rlhf',
			container: 'jsonl',
			isGzip: true,
			bytes: bytes.length,
			sha256: createHash('sha256').update(bytes).digest('hex'),
			rows: 2312,
			failed: 0,
			problemList: []
		});
		expect(report.detection).toMatchObject({ confidence: 1, rows: 50 });
		expect(rows.every((row) => promptText(row.prompt).endsWith('\n\nAssistant:'))).toBe(true);

		const original = gunzipSync(bytes)
			.toString('utf8')
			.split('\n')
			.filter((line) => line !== '')
			.map((line) => JSON.parse(line) as unknown);
		const written = await exportAs(rows, { schema: 'hh-rlhf' });
		expect(linesOf(written)).toEqual(original);
		expect(written.report).toEqual({
			rows: 2312,
			kept: 2312,
			written: 2312,
			dropped: {},
			lost: {}
		});

		const again = await importText(bytes);
		expect(again.rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
		console.log(`distinct rows: ${new Set(rows.map(({ id }) => id)).size} of ${rows.length}`);
	}
);
