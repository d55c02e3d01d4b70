import { describe, expect, test } from 'vitest';
import { currentAnswers } from '../../../src/core/feedback/comparison';
import { datasetRows } from '../../../src/core/feedback/dataset-rows';
import { makeVersion } from '../../../src/core/feedback/dataset-version';
import { mergeFeedback } from '../../../src/core/formats/feedback/merge';
import { nameRow } from '../../../src/core/formats/feedback/identity';
import type { FeedbackRow, RowDraft } from '../../../src/core/formats/feedback/row';
import {
	comparisonRow,
	completionSetRow,
	promptRow
} from '../../../src/core/formats/feedback/studio-rows';
import { textsToEncode } from '../../../src/core/formats/feedback/study-records';
import type { AnswerEvent } from '../../../src/core/records';
import {
	addCompletionSets,
	addPresentations,
	appendAnswers,
	listAnswers,
	listCompletionSets,
	listPresentations
} from '../../../src/storage/comparisons';
import type { StudioDb } from '../../../src/storage/db';
import { PromptSink, StudySink, type PreparedRow } from '../../../src/storage/imports';
import { addPrompt, listPrompts } from '../../../src/storage/prompts';
import { createStudy } from '../../../src/storage/studies';
import { openMemoryDb, withFullDiskAt } from '../../support/memory-db';
import {
	makeAnswer,
	makeCompletion,
	makeCompletionSet,
	makePresentation,
	makeSetAnswer
} from '../../support/records';

const VOCABULARY = 2048;
const bytesOf = (text: string) => [...new TextEncoder().encode(text)];

/** As the trainer would encode, with a byte for a token. */
function prepare(rows: readonly FeedbackRow[], name = 'anna'): PreparedRow[] {
	return rows.map((row) => {
		const texts = textsToEncode(row, VOCABULARY);
		const tokens = texts && {
			promptIds: [1, ...bytesOf(texts.prompt)],
			ids: texts.texts.map(bytesOf)
		};
		return { row, tokens, annotator: { name } };
	});
}

const foreign = (i: number, rest: Partial<RowDraft> = {}): FeedbackRow =>
	nameRow({
		kind: 'comparison',
		prompt: { text: `prompt ${i % 7}` },
		completions: [{ text: `good ${i}` }, { text: `bad ${i}` }],
		judgement: { outcome: 'a' },
		source: 'import',
		...rest
	});

const foreignRows = (n: number) => Array.from({ length: n }, (_, i) => foreign(i));

async function setUp() {
	const db = await openMemoryDb();
	const study = await createStudy(db, 'Ada');
	return { db, study };
}

const sinkOf = (db: StudioDb, studyId: string, limit?: number) =>
	new StudySink(db, { studyId, importId: 'i1', now: 5 }, limit);

const keyOf = (answer: AnswerEvent) => answer.annotator.id ?? `? ${answer.annotator.name}`;

async function readRows(db: StudioDb, studyId: string) {
	const [pairs, sets, events] = [
		await listPresentations(db, studyId),
		await listCompletionSets(db, studyId),
		await listAnswers(db, studyId)
	];
	const answers = currentAnswers(events);
	return { pairs, sets, events, rows: datasetRows(pairs, sets, answers, keyOf) };
}

const TRANSFORM = {
	ties: 'half',
	includeSimulated: true,
	dropDuplicates: false,
	heldOut: 0.2,
	splitSeed: 1
} as const;

async function hashOf(db: StudioDb, studyId: string): Promise<string> {
	const { rows } = await readRows(db, studyId);
	return makeVersion(rows, { name: 'all', transform: TRANSFORM, parent: null }).id;
}

describe('rows of other programs', () => {
	test('become pairs with tokens and answers that say where they came from', async () => {
		const { db, study } = await setUp();
		const outcome = await sinkOf(db, study.id).write(prepare(foreignRows(20)));
		expect(outcome).toEqual({ kept: 20, duplicates: 0, leftOut: {} });
		const { pairs, events, rows } = await readRows(db, study.id);
		expect(rows).toHaveLength(20);
		expect(new Set(pairs.map(({ promptId }) => promptId)).size).toBe(7);
		const pair = pairs.find(({ a }) => a.text === 'good 3');
		expect(pair).toMatchObject({
			prompt: 'prompt 3',
			a: { promptIds: [1, ...bytesOf('prompt 3')], ids: bytesOf('good 3'), behaviourLogProb: [] },
			imported: { importId: 'i1' }
		});
		const event = events.find(({ presentationId }) => presentationId === pair?.id);
		expect(event).toMatchObject({
			outcome: 'a',
			source: 'human',
			responseMs: null,
			blind: false,
			annotator: { kind: 'human', name: 'anna' },
			imported: { importId: 'i1', id: foreign(3).id, source: 'import' }
		});
		expect(event?.annotator.id).toMatch(/^[0-9a-f]{32}$/);
		const prompts = await listPrompts(db, study.id);
		expect(prompts.map(({ source }) => source)).toEqual(Array(7).fill('import'));
	});

	test('the same file twice adds nothing, nor does one row twice in a file', async () => {
		const { db, study } = await setUp();
		const rows = foreignRows(20);
		await sinkOf(db, study.id).write(prepare([...rows.slice(0, 5), ...rows.slice(0, 5)]));
		expect((await readRows(db, study.id)).events).toHaveLength(5);
		// Stopped there, and read again from the start.
		expect(await sinkOf(db, study.id).write(prepare(rows))).toMatchObject({
			kept: 15,
			duplicates: 5
		});
		expect(await sinkOf(db, study.id).write(prepare(rows))).toMatchObject({
			kept: 0,
			duplicates: 20
		});
		const { pairs, events } = await readRows(db, study.id);
		expect([pairs.length, events.length]).toEqual([20, 20]);
	});

	test('the same file goes into two studies', async () => {
		const { db, study } = await setUp();
		const other = await createStudy(db, 'Grace');
		for (const { id } of [study, other]) {
			expect(await sinkOf(db, id).write(prepare(foreignRows(8)))).toMatchObject({ kept: 8 });
		}
		expect(await hashOf(db, study.id)).toBe(await hashOf(db, other.id));
	});

	test('simulated answers and those of rules stay marked', async () => {
		const { db, study } = await setUp();
		const rows = [
			foreign(1, { source: 'simulated', annotator: { name: 'robot' } }),
			foreign(2, { source: 'rule' }),
			foreign(3, { source: 'human', annotator: { name: 'Bea', id: 'b' } })
		];
		await sinkOf(db, study.id).write(prepare(rows));
		const { events } = await readRows(db, study.id);
		const said = events.map(({ source, annotator, imported }) => [
			...[source, annotator.kind, annotator.name, imported?.source]
		]);
		expect(said.toSorted()).toEqual([
			['human', 'human', 'Bea', 'human'],
			['simulated', 'simulated', 'anna', 'rule'],
			['simulated', 'simulated', 'robot', 'simulated']
		]);
	});

	test('a disk that fills up in the middle of a batch stores nothing of it', async () => {
		const { db, study } = await setUp();
		const rows = foreignRows(20);
		await sinkOf(db, study.id).write(prepare(rows.slice(0, 10)));
		await expect(
			withFullDiskAt(12, () => sinkOf(db, study.id).write(prepare(rows.slice(10))))
		).rejects.toMatchObject({ code: 'quota-exceeded' });
		const { pairs, events } = await readRows(db, study.id);
		expect([pairs.length, events.length]).toEqual([10, 10]);
		expect(await sinkOf(db, study.id).write(prepare(rows))).toMatchObject({ kept: 10 });
	});

	test('what a study cannot hold or use is left out, with the reason', async () => {
		const { db, study } = await setUp();
		const given = { kind: 'ranking' as const, ranks: [1, 2] };
		const rating = { kind: 'rating', value: 9, scale: 5 } as const;
		const rows = [
			foreign(0, { judgement: null }),
			foreign(1, { kind: 'ranking', judgement: { given } }),
			foreign(2, { kind: 'rating', completions: [{ text: 'x' }], judgement: { given: rating } }),
			foreign(3, { judgement: { outcome: 'skip', skipReason: 'bored' } }),
			foreign(4),
			foreign(5)
		];
		expect(await sinkOf(db, study.id, 1).write(prepare(rows))).toEqual({
			kept: 1,
			duplicates: 0,
			leftOut: {
				'not-answered': 1,
				'ranking-size': 1,
				'rating-outside-scale': 1,
				'unknown-skip-reason': 1,
				'study-full': 1
			}
		});
	});

	test('facts of the wrong shape do not reach the records', async () => {
		const { db, study } = await setUp();
		const bad = {
			presentation: { selection: 5, sealed: 'x', aSide: 'right', order: 'y', createdAt: 'z' },
			event: { action: 'answer', showing: { shownAt: 'now' }, revision: 3 }
		} as unknown as Partial<RowDraft>; // as a hostile file has it
		await sinkOf(db, study.id).write(prepare([foreign(1, bad)]));
		const { pairs, events } = await readRows(db, study.id);
		expect(pairs[0]).toMatchObject({ aSide: 'right', createdAt: 5 });
		expect(Object.keys(pairs[0] ?? {})).not.toContain('selection');
		expect(Object.keys(pairs[0] ?? {})).not.toContain('sealed');
		expect(events[0]).toMatchObject({ revision: 3 });
		expect(Object.keys(events[0] ?? {})).not.toContain('showing');
	});

	test('tokens outside the vocabulary are not taken over', () => {
		const sample = { ...makeCompletion(), ids: [VOCABULARY], behaviourLogProb: [0] };
		const { id: _id, text: _text, ...rest } = sample;
		const row = foreign(1, { completions: [{ text: 'x', sample: rest }, { text: 'y' }] });
		expect(textsToEncode(row, VOCABULARY)).toEqual({ prompt: 'prompt 1', texts: ['x', 'y'] });
	});
});

/** A study with a revised answer, one taken back, a tie, a ranking and a rewrite; and its native rows. */
async function fillStudy(db: StudioDb, studyId: string): Promise<FeedbackRow[]> {
	const prompt = await addPrompt(db, studyId, 'Once upon a time', 'typed');
	const pairs = Array.from({ length: 4 }, (_, i) =>
		makePresentation(studyId, prompt.id, {
			aSide: i % 2 === 0 ? 'left' : 'right',
			a: makeCompletion({ text: ` One ${i}.`, ids: [9, i], behaviourLogProb: [-1, -2] })
		})
	);
	const [first, second, third, fourth] = pairs;
	const set = makeCompletionSet(studyId, prompt.id);
	const rewrite = makeCompletionSet(studyId, prompt.id, {
		kind: 'demonstration',
		completions: [makeCompletion()],
		order: [0]
	});
	if (!first || !second || !third || !fourth) {
		throw new Error('four pairs');
	}
	const who = { annotator: { kind: 'human' as const, name: 'Ada', id: 'ada' } };
	const one = makeAnswer(first, who);
	const {
		outcome: _outcome,
		strength: _strength,
		...takenBack
	} = makeAnswer(third, {
		...who,
		kind: 'revoke',
		revision: 2
	});
	const events = [
		one,
		makeAnswer(first, { ...who, revision: 2, supersedes: one.id, outcome: 'b', strength: 3 }),
		makeAnswer(second, { ...who, outcome: 'tie', strength: 0, qualityA: 'bad', qualityB: 'bad' }),
		makeAnswer(third, who),
		takenBack,
		makeSetAnswer(set, { kind: 'ranking', ranks: [2, 1, 2] }, who),
		makeSetAnswer(rewrite, { kind: 'demonstration', text: ' Better.', ids: [4, 5] }, who)
	];
	await addPresentations(db, pairs);
	await addCompletionSets(db, [set, rewrite]);
	await appendAnswers(db, events);
	const shown = new Map([...pairs, set, rewrite].map((record) => [record.id, record]));
	return [
		promptRow(prompt),
		...events.map((event) => {
			const record = shown.get(event.presentationId);
			if (!record) {
				throw new Error('not shown');
			}
			return 'a' in record ? comparisonRow(record, event) : completionSetRow(record, event);
		}),
		comparisonRow(fourth, null)
	];
}

describe('rows of the studio', () => {
	test('into a fresh study: the same content hash, events, order and tokens', async () => {
		const { db, study } = await setUp();
		const rows = await fillStudy(db, study.id);
		const fresh = await createStudy(db, 'Grace');
		const outcome = await sinkOf(db, fresh.id).write(prepare(rows));
		expect(outcome).toEqual({ kept: 8, duplicates: 0, leftOut: { 'not-answered': 1 } });
		expect(await hashOf(db, fresh.id)).toBe(await hashOf(db, study.id));
		const [before, after] = [await readRows(db, study.id), await readRows(db, fresh.id)];
		const told = ({ kind, outcome: o, revision, createdAt, given, responseMs }: AnswerEvent) => ({
			...{ kind, o, revision, createdAt, given, responseMs }
		});
		expect(after.events.map(told)).toEqual(before.events.map(told));
		expect(after.events[1]?.supersedes).toBe(after.events[0]?.id);
		const texts = after.pairs.map(({ a, aSide }) => [a.text, a.ids, a.behaviourLogProb, aSide]);
		expect(texts).toEqual(
			before.pairs.slice(0, 3).map(({ a, aSide }) => [a.text, a.ids, a.behaviourLogProb, aSide])
		);
		expect((await listPrompts(db, fresh.id))[0]).toMatchObject({ source: 'typed' });
		expect(await sinkOf(db, fresh.id).write(prepare(rows))).toMatchObject({
			kept: 0,
			duplicates: 8
		});
	});

	test('into the study they came from: all are there already', async () => {
		const { db, study } = await setUp();
		const rows = await fillStudy(db, study.id);
		expect(await sinkOf(db, study.id).write(prepare(rows))).toMatchObject({
			kept: 0,
			duplicates: 8
		});
	});

	test('an answer of somebody else to a pair of this study joins that pair', async () => {
		const { db, study } = await setUp();
		const rows = await fillStudy(db, study.id);
		const row = rows.find(({ judgement }) => judgement?.outcome === 'tie');
		if (!row) {
			throw new Error('a tie');
		}
		const theirs = { ...row, id: 'theirs', annotator: { name: 'Bea', id: 'bea' } };
		await sinkOf(db, study.id).write(prepare([theirs]));
		const { pairs, events } = await readRows(db, study.id);
		expect(pairs).toHaveLength(4);
		expect(events.at(-1)?.presentationId).toBe(row.event?.presentationId);
	});
});

test('several files merged in any order are the same dataset', async () => {
	const { db, study } = await setUp();
	const own = await fillStudy(db, study.id);
	const parts = [
		{ annotator: { name: 'anna' }, rows: foreignRows(9) },
		{ annotator: { name: 'bob' }, rows: foreignRows(15).slice(6) },
		{ annotator: { name: 'cleo' }, rows: own }
	];
	const hashes: string[] = [];
	for (const order of [
		[0, 1, 2],
		[2, 1, 0],
		[1, 2, 0]
	]) {
		const merged = mergeFeedback(order.flatMap((i) => parts[i] ?? []));
		const fresh = await createStudy(db, `merged ${order.join('')}`);
		const sink = sinkOf(db, fresh.id);
		for (let at = 0; at < merged.rows.length; at += 5) {
			await sink.write(prepare(merged.rows.slice(at, at + 5), 'nobody'));
		}
		hashes.push(await hashOf(db, fresh.id));
	}
	expect(new Set(hashes).size).toBe(1);
});

test('prompts alone become a set of prompts, each text once', async () => {
	const { db, study } = await setUp();
	await addPrompt(db, study.id, 'prompt 2', 'built-in');
	const sink = new PromptSink(db, { studyId: study.id, importId: 'i1', now: 5 }, 'mine');
	const rows = [...foreignRows(9), foreign(0, { prompt: { text: ' ' } })];
	const long = foreign(0, { prompt: { text: 'x'.repeat(401) } });
	expect(await sink.write(prepare([...rows, long]))).toEqual({
		kept: 6,
		duplicates: 3,
		leftOut: { 'empty-prompt': 1, 'prompt-too-long': 1 }
	});
	await sink.write(prepare([foreign(0, { prompt: { text: 'One more' } })]));
	const [set] = await db.getAll('promptSets');
	expect(set).toMatchObject({ name: 'mine', isOn: true });
	const inSet = (await listPrompts(db, study.id)).filter(({ setId }) => setId === set?.id);
	expect(inSet).toHaveLength(7);
	expect((await listPresentations(db, study.id)).length).toBe(0);
});
