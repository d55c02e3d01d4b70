import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importFeedback } from '../../../src/core/formats/feedback/import-feedback';
import { blobSource } from '../../../src/core/formats/feedback/source';
import { textsToEncode } from '../../../src/core/formats/feedback/study-records';
import { listAnswers, listPresentations } from '../../../src/storage/comparisons';
import { StudySink } from '../../../src/storage/imports';
import { createStudy } from '../../../src/storage/studies';
import { openMemoryDb } from '../../support/memory-db';

const shelf = process.env['TILLER_SHELF'];
const FILE = 'data/preference/hh-rlhf_harmless-base_test.jsonl.gz';
const ROWS = 2312;

test.skipIf(!shelf)(
	'hh-rlhf, harmless, test goes into a study whole, and twice without effect (third-party data, needs TILLER_SHELF)',
	async () => {
		const file = new Blob([new Uint8Array(readFileSync(join(shelf ?? '', FILE)))]);
		const db = await openMemoryDb();
		const study = await createStudy(db, 'Ada');
		const sink = new StudySink(db, { studyId: study.id, importId: 'i1', now: 5 });
		const readInto = async () => {
			const sums = { kept: 0, duplicates: 0 };
			const report = await importFeedback(
				blobSource(file, FILE),
				{
					write: async (rows) => {
						const prepared = rows.map((row) => {
							const texts = textsToEncode(row, 2048);
							// Words stand for tokens; the tokenizer is the trainer's and has its own tests.
							const tokens = texts && {
								promptIds: texts.prompt.split(' ').map((word) => word.length),
								ids: texts.texts.map((text) => text.split(' ').map((word) => word.length))
							};
							return { row, tokens, annotator: { name: 'crowd' } };
						});
						const { kept, duplicates, leftOut } = await sink.write(prepared);
						expect(leftOut).toEqual({});
						sums.kept += kept;
						sums.duplicates += duplicates;
						return { duplicates };
					}
				},
				{ schema: null }
			);
			return { report, ...sums };
		};
		const first = await readInto();
		expect(first.report).toMatchObject({ schema: 'hh-rlhf', rows: ROWS, failed: 0 });
		expect(first.kept + first.duplicates).toBe(ROWS);
		console.log(`kept ${first.kept}, the same row again ${first.duplicates}`);
		expect(await listPresentations(db, study.id)).toHaveLength(first.kept);
		expect(await listAnswers(db, study.id)).toHaveLength(first.kept);
		expect(await readInto()).toMatchObject({ kept: 0, duplicates: ROWS });
	},
	60_000
);
