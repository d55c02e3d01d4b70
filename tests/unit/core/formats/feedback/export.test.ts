import { describe, expect, test } from 'vitest';
import { FeedbackExport } from '../../../../../src/core/formats/feedback/export-feedback';
import { nameRow } from '../../../../../src/core/formats/feedback/identity';
import { DROP_REASONS, LOST_FACTS } from '../../../../../src/core/formats/feedback/losses';
import { ROW_PROBLEMS } from '../../../../../src/core/formats/feedback/problems';
import type {
	FeedbackJudgement,
	FeedbackKind,
	FeedbackRow,
	Given
} from '../../../../../src/core/formats/feedback/row';
import { comparisonRow } from '../../../../../src/core/formats/feedback/studio-rows';
import { imports } from '../../../../../src/i18n/en/import';
import { makeAnswer, makePresentation } from '../../../../support/records';
import { exportAs, importText, linesOf } from './files';

const pair = (judgement: FeedbackJudgement | null): FeedbackRow =>
	nameRow({
		kind: 'comparison',
		prompt: { text: 'Once' },
		completions: [{ text: ' a' }, { text: ' b' }],
		judgement,
		source: 'human'
	});

const set = (kind: FeedbackKind, n: number, judgement: FeedbackJudgement): FeedbackRow =>
	nameRow({
		kind,
		prompt: { text: 'Once' },
		completions: Array.from({ length: n }, (_, i) => ({ text: ` ${i}` })),
		judgement,
		source: 'human'
	});

const plain = { withMeta: false } as const;

describe('TRL preference', () => {
	const schema = 'trl-preference';

	test('holds preferences alone, and says what became of the rest', async () => {
		const rows = [
			pair({ outcome: 'a' }),
			pair({ outcome: 'b', strength: 3 }),
			pair({ outcome: 'tie' }),
			pair({ outcome: 'tie', qualityA: 'bad', qualityB: 'bad' }),
			pair({ outcome: 'skip', skipReason: 'upsetting' }),
			pair(null),
			set('rating', 1, { given: { kind: 'rating', value: 4, scale: 5 } }),
			set('prompt', 0, {})
		];
		const written = await exportAs(rows, { schema, ...plain });
		expect(linesOf(written)).toEqual([
			{ prompt: 'Once', chosen: ' a', rejected: ' b' },
			{ prompt: 'Once', chosen: ' b', rejected: ' a' }
		]);
		expect(written.report).toEqual({
			rows: 8,
			kept: 2,
			written: 2,
			dropped: { tie: 1, 'both-bad': 1, skip: 1, 'not-answered': 1, 'no-place': 2 },
			lost: { source: 2, strength: 1 }
		});
	});

	test('a ranking becomes every pair of unequal ranks under one group', async () => {
		const ranking = set('ranking', 4, { given: { kind: 'ranking', ranks: [2, 1, 2, 4] } });
		const written = await exportAs([ranking], { schema });
		expect(linesOf(written)).toMatchObject([
			{ chosen: ' 0', rejected: ' 3', meta_group_id: ranking.id },
			{ chosen: ' 1', rejected: ' 0', meta_group_id: ranking.id },
			{ chosen: ' 1', rejected: ' 2', meta_group_id: ranking.id },
			{ chosen: ' 1', rejected: ' 3', meta_group_id: ranking.id },
			{ chosen: ' 2', rejected: ' 3', meta_group_id: ranking.id }
		]);
		expect(written.report).toMatchObject({
			kept: 1,
			written: 5,
			lost: { kind: 1, 'equal-ranks': 1 }
		});
		const level = set('ranking', 3, { given: { kind: 'ranking', ranks: [1, 1, 1] } });
		expect((await exportAs([level], { schema })).report.dropped).toEqual({ tie: 1 });
	});

	test('what an annotator wrote is better than what it was written from', async () => {
		const given: Given = { kind: 'demonstration', text: ' better', ids: [] };
		const same = { given: { ...given, text: '  0 ' } };
		const empty = { given: { ...given, text: ' ' } };
		const rows = [
			set('demonstration', 1, { given }),
			set('demonstration', 0, { given }),
			set('demonstration', 1, same),
			set('demonstration', 1, empty)
		];
		const written = await exportAs(rows, { schema, ...plain });
		expect(linesOf(written)).toEqual([{ prompt: 'Once', chosen: ' better', rejected: ' 0' }]);
		expect(written.report.dropped).toEqual({ 'no-original': 1, unchanged: 1, empty: 1 });
	});
});

describe('TRL unpaired', () => {
	const schema = 'trl-unpaired';

	test('both bad are two bad rows, and what is said of a side counts before the outcome', async () => {
		const rows = [
			pair({ outcome: 'tie', qualityA: 'bad', qualityB: 'bad' }),
			pair({ outcome: 'tie', qualityA: 'good', qualityB: 'good' }),
			pair({ outcome: 'a' }),
			pair({ outcome: 'a', qualityA: 'bad' }),
			pair({ outcome: 'tie', qualityB: 'good' }),
			pair({ outcome: 'tie' }),
			set('thumb', 1, { given: { kind: 'thumb', isUp: false } }),
			set('rating', 1, { given: { kind: 'rating', value: 2, scale: 5 } }),
			set('rating', 1, { given: { kind: 'rating', value: 3, scale: 5 } })
		];
		const written = await exportAs(rows, { schema, ...plain });
		const row = (completion: string, label: boolean) => ({ prompt: 'Once', completion, label });
		expect(linesOf(written)).toEqual([
			row(' a', false),
			row(' b', false),
			row(' a', true),
			row(' b', true),
			row(' a', true),
			row(' b', false),
			row(' a', false),
			row(' b', false),
			row(' b', true),
			row(' 0', false),
			row(' 0', false)
		]);
		expect(written.report).toMatchObject({
			rows: 9,
			kept: 7,
			written: 11,
			dropped: { tie: 1, 'no-verdict': 1 },
			lost: { 'one-sided': 1, kind: 6 }
		});
	});
});

test('Arena tells a tie from both bad', async () => {
	const rows = [
		pair({ outcome: 'tie' }),
		pair({ outcome: 'tie', qualityA: 'bad', qualityB: 'bad' }),
		pair({ outcome: 'tie', qualityA: 'bad', qualityB: 'good' })
	];
	const written = await exportAs(rows, { schema: 'arena' });
	expect(linesOf(written)).toMatchObject([
		{ winner: 'tie' },
		{ winner: 'tie (bothbad)' },
		{ winner: 'tie' }
	]);
	expect(written.report.lost).toMatchObject({ quality: 1 });
});

test('the same prompt is written once', async () => {
	const rows = [pair({ outcome: 'a' }), pair({ outcome: 'b' }), set('prompt', 0, {})];
	const written = await exportAs(rows, { schema: 'trl-prompt-only' });
	expect(linesOf(written)).toEqual([{ prompt: 'Once' }]);
	expect(written.report.dropped).toEqual({ 'same-prompt': 2 });
});

test('of several events about a pair the latest counts, and blind tests and simulations stay out', async () => {
	const shown = makePresentation('study', 'p1');
	const first = makeAnswer(shown, { outcome: 'a' });
	const second = makeAnswer(shown, { outcome: 'b', revision: 2, supersedes: first.id });
	const taken = makePresentation('study', 'p2');
	const given = makeAnswer(taken);
	const back = makeAnswer(taken, { kind: 'revoke', revision: 2, supersedes: given.id });
	const blind = makePresentation('study', 'p3', { purpose: 'evaluation' });
	const robot = makePresentation('study', 'p4');
	const rows = [
		comparisonRow(shown, first),
		comparisonRow(shown, second),
		comparisonRow(shown, null),
		comparisonRow(taken, given),
		comparisonRow(taken, back),
		comparisonRow(blind, makeAnswer(blind)),
		comparisonRow(robot, makeAnswer(robot, { source: 'simulated' }))
	];
	const options = { schema: 'trl-preference', includeSimulated: false } as const;
	const written = await exportAs(rows, options);
	expect(linesOf(written)).toMatchObject([{ chosen: shown.b.text, meta_id: second.id }]);
	expect(written.report).toMatchObject({
		rows: 7,
		kept: 1,
		dropped: { superseded: 3, 'taken-back': 1, evaluation: 1, simulated: 1 }
	});
	const all = await exportAs(rows, { ...options, includeSimulated: true });
	expect(linesOf(all)).toMatchObject([{ meta_source: 'human' }, { meta_source: 'simulated' }]);
	expect((await importText(all.bytes)).rows.map(({ source }) => source)).toEqual([
		'human',
		'simulated'
	]);
	const native = await exportAs(rows, { schema: 'native', includeSimulated: false });
	expect(native.report).toMatchObject({ kept: 7, dropped: {} });
});

test('cells that a spreadsheet would run are defused and come back as they were', async () => {
	const texts = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', "'=1", "''+", "'plain", '', ' '];
	const rows = texts.map((text) =>
		nameRow({
			kind: 'comparison',
			prompt: { text },
			completions: [{ text: `${text}a` }, { text: `${text}b` }],
			judgement: { outcome: 'a', rationale: `${text}!` },
			source: 'human',
			annotator: { name: text === '' ? 'x' : text }
		})
	);
	for (const schema of ['table', 'trl-preference'] as const) {
		const { bytes, text } = await exportAs(rows, { schema, container: 'csv' });
		for (const cell of text.split(/[,\n]/)) {
			expect(cell).not.toMatch(/^"?[=+\-@\t\r]/);
		}
		const again = await importText(bytes);
		expect(again.report.schema).toBe(schema);
		expect(again.rows.map(({ prompt }) => prompt)).toEqual(rows.map(({ prompt }) => prompt));
		expect(again.rows.map(({ completions }) => completions)).toEqual(
			rows.map(({ completions }) => completions)
		);
		expect(again.rows.map(({ judgement }) => judgement?.rationale)).toEqual(
			rows.map(({ judgement }) => judgement?.rationale)
		);
		expect(again.rows.map(({ annotator }) => annotator?.name)).toEqual(
			rows.map(({ annotator }) => annotator?.name)
		);
	}
});

test('text that no file can hold is left out and counted', async () => {
	const rows = [pair({ outcome: 'a', rationale: 'half \ud83d' }), pair({ outcome: 'a' })];
	for (const schema of ['native', 'trl-preference'] as const) {
		expect((await exportAs(rows, { schema })).report).toMatchObject({
			kept: 1,
			dropped: { 'not-text': 1 }
		});
	}
});

test('an export of nothing is a file of its format', async () => {
	for (const container of ['jsonl', 'json', 'csv', 'parquet'] as const) {
		const written = await exportAs([], { schema: 'trl-preference', container });
		expect(written.report).toEqual({ rows: 0, kept: 0, written: 0, dropped: {}, lost: {} });
	}
	expect((await exportAs([], { schema: 'trl-preference', container: 'json' })).text).toBe('[]\n');
	expect(
		() =>
			new FeedbackExport(() => [], {
				schema: 'native',
				container: 'csv',
				withMeta: true,
				includeSimulated: true
			})
	).toThrow(RangeError);
});

test('every reason has its words', () => {
	expect(Object.keys(imports.problems).sort()).toEqual([...ROW_PROBLEMS].sort());
	expect(Object.keys(imports.dropped).sort()).toEqual([...DROP_REASONS].sort());
	expect(Object.keys(imports.lost).sort()).toEqual([...LOST_FACTS].sort());
	expect(imports.problemAt(7, 'unknown-value', 'winner', 'model_c')).toBe(
		'Line 7: has a value that means nothing here (winner): model_c'
	);
	expect(imports.detected('hh-rlhf', 1, 50, ['chosen', 'rejected'])).toBe(
		'Looks like Anthropic hh-rlhf: 100 % of the first 50 rows have “chosen”, “rejected”.'
	);
});
