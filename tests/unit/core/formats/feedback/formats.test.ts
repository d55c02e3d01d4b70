import { describe, expect, test } from 'vitest';
import { CONTAINERS } from '../../../../../src/core/formats/feedback/containers/text-rows';
import { completionText, promptText } from '../../../../../src/core/formats/feedback/content';
import type { Json, JsonObject } from '../../../../../src/core/formats/feedback/json';
import { SCHEMA_NAMES, type FeedbackRow } from '../../../../../src/core/formats/feedback/row';
import { SCHEMAS } from '../../../../../src/core/formats/feedback/schemas/catalogue';
import { EXAMPLES } from './examples';
import { exportAs, importText, jsonLines, linesOf } from './files';

async function readRow(row: JsonObject): Promise<FeedbackRow> {
	const { rows, report } = await importText(jsonLines([row]));
	expect(report.problemList).toEqual([]);
	const [only] = rows;
	if (!only) {
		throw new Error('nothing was read');
	}
	return only;
}

async function problemsOf(...lines: unknown[]) {
	const { report } = await importText(jsonLines(lines));
	return report.problemList;
}

const textsOf = (row: FeedbackRow) => row.completions.map(completionText);

describe.each(SCHEMA_NAMES)('%s', (schema) => {
	const examples = EXAMPLES[schema];

	test('is detected, and every row of it is written as it was', async () => {
		const { rows, report } = await importText(jsonLines(examples));
		expect(report).toMatchObject({ schema, rows: examples.length, failed: 0, problemList: [] });
		expect(report.detection).toMatchObject({ schema, confidence: 1, rows: examples.length });
		const written = await exportAs(rows, { schema });
		expect(linesOf(written)).toEqual(examples);
		expect(written.report).toEqual({
			rows: examples.length,
			kept: examples.length,
			written: examples.length,
			dropped: {},
			lost: {}
		});
	});

	test.each(CONTAINERS)('holds the same rows as %s', async (container) => {
		const { rows } = await importText(jsonLines(examples));
		const { bytes, report } = await exportAs(rows, { schema, container });
		expect(report).toMatchObject({ kept: rows.length, dropped: {} });
		const again = await importText(bytes, { schema });
		expect(again.report).toMatchObject({ container, problemList: [] });
		// A table has every column in every row, and in CSV no types for those it does not know.
		const isTyped = (row: JsonObject) =>
			Object.entries(row).some(
				([name, value]) => !(name in SCHEMAS[schema].columns) && typeof value !== 'string'
			);
		const untyped = container === 'csv' ? examples.filter(isTyped).length : 0;
		expect(report.lost).toEqual(untyped === 0 ? {} : { 'column-types': untyped });
		const asCell = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value));
		const strip = ({ id: _id, origin, ...row }: FeedbackRow) => ({
			...row,
			layout: origin?.layout,
			columns: Object.fromEntries(
				Object.entries(origin?.columns ?? {})
					.filter(([, value]) => value !== null && value !== '')
					.map(([name, value]) => [name, container === 'csv' ? asCell(value) : value])
			)
		});
		expect(again.rows.map(strip)).toEqual(rows.map(strip));
	});
});

describe('what rows mean', () => {
	test('TRL: an implicit prompt is what both texts begin with, and never half a character', async () => {
		const sky = await readRow({ chosen: 'The sky is blue.', rejected: 'The sky is green.' });
		expect([promptText(sky.prompt), ...textsOf(sky)]).toEqual(['The sky is', ' blue.', ' green.']);
		const faces = await readRow({ chosen: 'Same😀', rejected: 'Same😁' });
		expect([promptText(faces.prompt), ...textsOf(faces)]).toEqual(['Same', '😀', '😁']);
		const same = await readRow({ chosen: 'Equal ', rejected: 'Equal ' });
		expect([promptText(same.prompt), ...textsOf(same)]).toEqual(['Equal ', '', '']);
	});

	test('hh-rlhf: the prompt ends with the last "Assistant:" that both share', async () => {
		const [first] = EXAMPLES['hh-rlhf'];
		const row = await readRow(first ?? {});
		expect(promptText(row.prompt)).toBe(
			'\n\nHuman: Who was Ada?\n\nAssistant: A mathematician.\n\nHuman: When?\n\nAssistant:'
		);
		expect(textsOf(row)).toEqual([' In 1815.', ' Long ago']);
		const other = {
			chosen: '\n\nHuman: a\n\nAssistant: b',
			rejected: '\n\nHuman: c\n\nAssistant: d'
		};
		expect(await problemsOf(other, EXAMPLES['hh-rlhf'][0])).toEqual([
			{ line: 1, problem: 'no-common-prompt' }
		]);
	});

	test('Arena: four winners and no fifth', async () => {
		const { rows } = await importText(jsonLines(EXAMPLES.arena));
		expect(rows.map(({ judgement }) => judgement)).toEqual([
			{ outcome: 'a' },
			{ outcome: 'b' },
			{ outcome: 'tie' },
			{ outcome: 'tie', qualityA: 'bad', qualityB: 'bad' }
		]);
		expect(rows[0]).toMatchObject({
			annotator: { name: 'arena_user_1' },
			createdAt: 1682351591130,
			event: { blind: true },
			completions: [{ model: 'vicuna-13b' }, { model: 'alpaca-13b' }]
		});
		const [battle] = EXAMPLES.arena;
		const wrong = ['Tie', 'model_c', 'tie (both bad)', '', null, 1].map((winner) => ({
			...battle,
			winner
		}));
		const problems = await problemsOf(...wrong, battle);
		expect(problems).toEqual([
			{ line: 1, problem: 'unknown-value', field: 'winner', found: 'Tie' },
			{ line: 2, problem: 'unknown-value', field: 'winner', found: 'model_c' },
			{ line: 3, problem: 'unknown-value', field: 'winner', found: 'tie (both bad)' },
			{ line: 4, problem: 'unknown-value', field: 'winner', found: '' },
			{ line: 5, problem: 'missing-field', field: 'winner' },
			{ line: 6, problem: 'unknown-value', field: 'winner', found: '1' }
		]);
		const bare = { model_a: 'x', model_b: 'y', winner: 'tie' };
		expect(await problemsOf(bare)).toEqual([
			{ line: 1, problem: 'no-conversation', field: 'conversation_a' }
		]);
	});

	test('summaries: the choice is 0 or 1, the worker judged', async () => {
		const { rows } = await importText(jsonLines(EXAMPLES['summarize-from-feedback']));
		expect(rows[0]).toMatchObject({
			prompt: { text: 'A long story.' },
			judgement: { outcome: 'b' },
			annotator: { name: 'w7', id: 'w7' },
			completions: [
				{ text: ' Short.', model: 'sup4' },
				{ text: ' A story.', model: 'ref' }
			]
		});
		const [row] = EXAMPLES['summarize-from-feedback'];
		expect(await problemsOf({ ...row, choice: 2 }, { ...row, choice: '1' }, row)).toEqual([
			{ line: 1, problem: 'unknown-value', field: 'choice', found: '2' },
			{ line: 2, problem: 'unknown-value', field: 'choice', found: '1' }
		]);
		expect(await problemsOf({ ...row, summaries: [] }, { ...row, info: {} }, row)).toEqual([
			{ line: 1, problem: 'wrong-type', field: 'summaries', found: '[]' },
			{ line: 2, problem: 'missing-field', field: 'info.post' }
		]);
	});

	test('OpenAI: an answer is exactly one message of the assistant', async () => {
		const [row] = EXAMPLES['openai-preference'];
		const answer = { role: 'assistant', content: 'Yes.' };
		const wrong = [[], [answer, answer], [{ role: 'user', content: 'Yes.' }]].map((output) => ({
			...row,
			preferred_output: output
		}));
		expect((await problemsOf(...wrong, row)).map(({ problem }) => problem)).toEqual([
			'wrong-type',
			'not-one-assistant-message',
			'not-one-assistant-message'
		]);
	});

	test('a field of another type or a turn of no known role is a reason, never a guess', async () => {
		const good = { prompt: 'a', chosen: 'b', rejected: 'c' };
		expect(
			await problemsOf(
				good,
				{ ...good, prompt: 1 },
				{ ...good, chosen: ['b'] },
				{ prompt: 'a', chosen: [{ role: 'robot', content: 'x' }], rejected: [{ role: 'user' }] },
				{ prompt: 'a', chosen: 'b' }
			)
		).toEqual([
			{ line: 2, problem: 'wrong-type', field: 'prompt', found: '1' },
			{ line: 3, problem: 'wrong-type', field: 'chosen', found: '["b"]' },
			{ line: 4, problem: 'unknown-role', field: 'chosen', found: 'robot' },
			{ line: 5, problem: 'missing-field', field: 'rejected' }
		]);
	});
});
