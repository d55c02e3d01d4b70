import { describe, expect, test } from 'vitest';
import { CONTAINERS } from '../../../../../src/core/formats/feedback/containers/text-rows';
import { completionText, promptText } from '../../../../../src/core/formats/feedback/content';
import { containersOf } from '../../../../../src/core/formats/feedback/export-feedback';
import { judgementDigest } from '../../../../../src/core/formats/feedback/identity';
import { factsOf, type LostFact } from '../../../../../src/core/formats/feedback/losses';
import { SCHEMA_NAMES, type FeedbackRow } from '../../../../../src/core/formats/feedback/row';
import { SCHEMAS } from '../../../../../src/core/formats/feedback/schemas/catalogue';
import { modelOf } from '../../../../../src/core/formats/feedback/schemas/meta';
import {
	comparisonRow,
	completionSetRow,
	promptRow,
	studioPrompt,
	studioRecords
} from '../../../../../src/core/formats/feedback/studio-rows';
import { Random } from '../../../../../src/core/random';
import { exportAs, importText } from './files';
import { anyCompletionSet, anyPresentation, anyRows, anyText } from './random-rows';

/** Facts by the text they are about, so that sides may change places. */
function bySide<T>(row: FeedbackRow, values: readonly T[]): Record<string, T> {
	const entries = row.completions.map((c, i) => [completionText(c), values[i]] as const);
	return Object.fromEntries(entries.filter((entry): entry is [string, T & {}] => entry[1] != null));
}

const OTHER = { left: 'right', right: 'left' } as const;

/** After these a row reads differently on purpose. */
const CHANGES: readonly LostFact[] = ['text-became-chat', 'chat-became-text', 'kind', 'verdict'];

/** What each fact is; those that no foreign format carries are not looked up. */
const FACTS: Partial<Record<LostFact, (row: FeedbackRow) => unknown>> = {
	identity: ({ id }) => id,
	annotator: ({ annotator }) => [annotator?.name, annotator?.id],
	source: ({ source }) => source,
	time: ({ createdAt }) => createdAt,
	'response-time': ({ event }) => event?.responseMs,
	side: (row) => {
		const side = row.presentation?.aSide;
		return side && bySide(row, [side, OTHER[side]]);
	},
	model: (row) => bySide(row, row.completions.map(modelOf)),
	strength: ({ judgement }) => judgement?.strength,
	quality: (row) => bySide(row, [row.judgement?.qualityA, row.judgement?.qualityB]),
	'reason-tags': ({ judgement }) => judgement?.reasonTags,
	rationale: ({ judgement }) => judgement?.rationale,
	revision: ({ event }) => event?.revision,
	tags: ({ prompt }) => prompt.tags
};

describe('native files', () => {
	test.each(containersOf('native'))('in %s lose nothing', async (container) => {
		const rows = anyRows(new Random(1), 150);
		const { bytes, report } = await exportAs(rows, { schema: 'native', container });
		expect(report).toEqual({ rows: 150, kept: 150, written: 150, dropped: {}, lost: {} });
		const again = await importText(bytes);
		expect(again.report).toMatchObject({ schema: 'native', container, problemList: [] });
		expect(again.rows).toEqual(rows);
		// Written once more, the same bytes.
		expect((await exportAs(again.rows, { schema: 'native', container })).bytes).toEqual(bytes);
	});

	test("give back the studio's records, field by field", () => {
		const random = new Random(2);
		for (let round = 0; round < 200; round++) {
			const pair = anyPresentation(random);
			expect(studioRecords(comparisonRow(pair.shown, pair.event))).toEqual(pair);
			const set = anyCompletionSet(random);
			expect(studioRecords(completionSetRow(set.shown, set.event))).toEqual(set);
		}
		const { shown, event } = anyPresentation(random);
		const later = { ...shown, fieldOfALaterVersion: { x: 1 } };
		expect(studioRecords(comparisonRow(later, event))?.shown).toEqual(later);
		const prompt = {
			id: 'p',
			studyId: 's',
			version: 2,
			createdAt: 5,
			text: 'Once',
			source: 'typed' as const,
			weight: 3
		};
		expect(studioPrompt(promptRow(prompt))).toEqual(prompt);
	});

	test('of another program have no records', async () => {
		const { rows } = await importText('{"prompt":"a","chosen":"b","rejected":"c"}\n');
		expect(rows.map(studioRecords)).toEqual([null]);
		expect(rows.map(studioPrompt)).toEqual([null]);
	});
});

const MANY = anyRows(new Random(3), 200);
const SINGLE = anyRows(new Random(4), 120);

const FORMATS = SCHEMA_NAMES.flatMap((schema) =>
	CONTAINERS.map((container) => [schema, container] as const)
);

describe.each(FORMATS)('%s in %s', { timeout: 30_000 }, (schema, container) => {
	test('accounts for every row, and is read back without a problem', async () => {
		const { bytes, report } = await exportAs(MANY, { schema, container });
		const dropped = Object.values(report.dropped).reduce((x, y) => x + y, 0);
		expect(report.kept + dropped).toBe(200);
		expect(report.rows).toBe(200);
		expect(report.kept).toBeGreaterThan(0);
		const again = await importText(bytes, { schema });
		expect(again.report).toMatchObject({ rows: report.written, problemList: [], container });
	});

	test('keeps of every row what it does not report as lost', async () => {
		let compared = 0;
		for (const row of SINGLE) {
			const written = SCHEMAS[schema].write(row, true);
			const lost: readonly LostFact[] = 'lost' in written ? written.lost : [];
			if (
				!('rows' in written) ||
				written.rows.length > 1 ||
				lost.some((fact) => CHANGES.includes(fact))
			) {
				continue;
			}
			const { bytes, report } = await exportAs([row], { schema, container });
			if (report.dropped.evaluation) {
				continue;
			}
			expect(Object.keys(report.lost).sort()).toEqual([...new Set(lost)].sort());
			const { rows } = await importText(bytes, { schema });
			const [back] = rows;
			if (!back) {
				throw new Error('nothing came back');
			}
			compared++;
			expect(back.kind).toBe(row.kind);
			expect(promptText(back.prompt)).toBe(promptText(row.prompt));
			if (!report.lost.source && row.kind !== 'demonstration') {
				expect(judgementDigest(back)).toBe(judgementDigest(row));
			}
			for (const fact of factsOf(row)) {
				const read = FACTS[fact];
				if (!report.lost[fact] && read) {
					expect([fact, read(back)]).toEqual([fact, read(row)]);
				}
			}
		}
		expect(compared).toBeGreaterThan(3);
	});
});

test('text of any kind comes back from a table as it was', async () => {
	const random = new Random(6);
	for (let round = 0; round < 40; round++) {
		const [prompt, chosen, rejected] = [anyText(random), anyText(random), anyText(random)];
		const { rows } = await importText(`${JSON.stringify({ prompt, chosen, rejected })}\n`);
		for (const container of ['csv', 'parquet'] as const) {
			const { bytes } = await exportAs(rows, { schema: 'trl-preference', container });
			const again = await importText(bytes);
			expect(again.rows).toEqual(rows);
		}
	}
});
