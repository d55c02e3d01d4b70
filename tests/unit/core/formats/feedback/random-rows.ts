/** Feedback of every kind out of a seed, with text that formats stumble over. */
import { DEFAULT_SAMPLING } from '../../../../../src/core/config';
import {
	comparisonRow,
	completionSetRow,
	promptRow
} from '../../../../../src/core/formats/feedback/studio-rows';
import { nameRow } from '../../../../../src/core/formats/feedback/identity';
import type { FeedbackRow, Message } from '../../../../../src/core/formats/feedback/row';
import type { Random } from '../../../../../src/core/random';
import {
	RECORD_VERSION,
	type AnswerEvent,
	type Completion,
	type CompletionSet,
	type Presentation,
	type SetJudgement,
	type SetKind
} from '../../../../../src/core/records';

const PIECES = [
	'Once upon a time',
	'=SUM(A1:A9)',
	"'=x",
	'+1',
	'-2,5',
	'@here',
	'\ttab',
	'"quoted" and ""',
	'line\nbreak',
	'line\r\nbreak',
	'\r',
	' spaces ',
	'😀 é ไทย',
	'[{"role":"user","content":"x"}]',
	'{"a":1}',
	'"json"',
	'\n\nHuman: hello\n\nAssistant:',
	'null',
	'true',
	'12',
	';',
	'<b>bold</b>',
	'\u2028',
	'\\n'
];

const pick = <T>(random: Random, items: readonly T[]): T => {
	const item = items[random.int(items.length)];
	if (item === undefined) {
		throw new Error('nothing to pick from');
	}
	return item;
};

export const anyText = (random: Random): string =>
	Array.from({ length: random.int(4) }, () => pick(random, PIECES)).join(pick(random, ['', ' ']));

/** Some are transcripts. */
const anyPrompt = (random: Random): string =>
	random.int(3) === 0 ? `\n\nHuman: ${anyText(random).trim()}?\n\nAssistant:` : anyText(random);

const maybe = <T extends object>(random: Random, fields: T): Partial<T> =>
	random.int(2) === 0 ? fields : {};

let count = 0;
const newId = (random: Random) => `id${++count}-${random.int(1e9)}`;

/** Every completion ends differently, so that one text is one completion. */
function completion(random: Random): Completion {
	const id = newId(random);
	const length = random.int(4);
	const numbers = (make: () => number) => Array.from({ length }, make);
	return {
		id,
		text: `${anyText(random)} ${id}`,
		promptIds: [0, random.int(500)],
		ids: numbers(() => random.int(500)),
		behaviourLogProb: numbers(() => -random.next()),
		stopped: random.int(2) === 0,
		cutTokens: random.int(3),
		writer: { model: 'stories-1m', policyId: pick(random, [null, 'p1']) },
		sampling: DEFAULT_SAMPLING,
		seed: random.int(1e6),
		row: random.int(100)
	};
}

const base = (random: Random) => ({
	id: newId(random),
	studyId: 'study',
	version: RECORD_VERSION,
	createdAt: 1_700_000_000_000 + random.int(1e9)
});

function eventOf(random: Random, presentationId: string): AnswerEvent {
	const source = pick(random, ['human', 'human', 'simulated'] as const);
	return {
		...base(random),
		kind: 'answer',
		presentationId,
		revision: 1,
		...maybe(random, { rationale: `because ${anyText(random)}` }),
		...maybe(random, { reasonTags: ['clear', 'kind'] }),
		annotator: { kind: source, name: pick(random, ['Ada', 'Béla', 'x']), id: 'p1' },
		source,
		responseMs: source === 'human' ? random.int(9000) : null,
		blind: random.int(2) === 0
	};
}

export interface Shown<T> {
	shown: T;
	event: AnswerEvent | null;
}

export function anyPresentation(random: Random): Shown<Presentation> {
	const shown: Presentation = {
		...base(random),
		promptId: newId(random),
		prompt: anyPrompt(random),
		a: completion(random),
		b: completion(random),
		aSide: pick(random, ['left', 'right'] as const),
		sideSeed: random.int(1e6),
		purpose: random.int(8) === 0 ? 'evaluation' : 'feedback',
		...maybe(random, { repeatOf: 'earlier', repeatSwapped: true })
	};
	const { annotator, ...event } = eventOf(random, shown.id);
	const outcome = pick(random, ['a', 'b', 'tie', 'skip'] as const);
	switch (random.int(8)) {
		case 0:
			return { shown, event: null };
		case 1: {
			const { rationale: _rationale, reasonTags: _tags, ...rest } = event;
			return { shown, event: { ...rest, annotator, kind: 'revoke', revision: 2, supersedes: 'e' } };
		}
		default:
			return {
				shown,
				event: {
					...event,
					annotator,
					outcome,
					strength: outcome === 'a' || outcome === 'b' ? pick(random, [1, 2, 3] as const) : 0,
					...(outcome === 'skip' && { skipReason: 'broken' as const }),
					...(outcome !== 'skip' &&
						maybe(random, { qualityA: pick(random, ['good', 'bad'] as const) })),
					...(outcome !== 'skip' &&
						maybe(random, { qualityB: pick(random, ['good', 'bad'] as const) }))
				}
			};
	}
}

function givenOf(random: Random, kind: SetKind, n: number): SetJudgement {
	switch (kind) {
		case 'ranking':
			return { kind, ranks: Array.from({ length: n }, () => 1 + random.int(n)) };
		case 'rating':
			return { kind, value: 1 + random.int(5), scale: 5 };
		case 'thumb':
			return { kind, isUp: random.int(2) === 0 };
		case 'demonstration':
			return { kind, text: `${anyText(random)} ${newId(random)}`, ids: [1, 2] };
		default:
			return kind satisfies never;
	}
}

export function anyCompletionSet(random: Random): Shown<CompletionSet> {
	const kind = pick(random, ['ranking', 'rating', 'thumb', 'demonstration'] as const);
	const n = kind === 'ranking' ? 3 + random.int(2) : 1;
	const shown: CompletionSet = {
		...base(random),
		kind,
		promptId: newId(random),
		prompt: anyText(random),
		completions: Array.from({ length: n }, () => completion(random)),
		order: random.shuffle(Array.from({ length: n }, (_, i) => i)),
		orderSeed: random.int(1e6)
	};
	const event = eventOf(random, shown.id);
	if (random.int(6) === 0) {
		return { shown, event: null };
	}
	return {
		shown,
		event:
			random.int(6) === 0
				? { ...event, outcome: 'skip', skipReason: 'upsetting' }
				: { ...event, given: givenOf(random, kind, n) }
	};
}

const turns = (random: Random, ending: string): Message[] => [
	{ role: 'user', content: `${anyText(random)} ${ending}` }
];

/** A conversation of another program. */
function chatRow(random: Random): FeedbackRow {
	const answer = (): { messages: Message[] } => ({
		messages: [{ role: 'assistant', content: `${anyText(random)} ${newId(random)}` }]
	});
	return nameRow({
		kind: 'comparison',
		prompt: { messages: turns(random, newId(random)) },
		completions: [answer(), answer()],
		judgement: { outcome: pick(random, ['a', 'b', 'tie'] as const) },
		source: 'import'
	});
}

export function anyRow(random: Random): FeedbackRow {
	switch (random.int(8)) {
		case 0:
		case 1: {
			const { shown, event } = anyCompletionSet(random);
			return completionSetRow(shown, event);
		}
		case 2:
			return promptRow({
				...base(random),
				text: `${anyText(random)} ${newId(random)}`,
				source: 'typed',
				...maybe(random, { tags: ['animals', 'night'] })
			});
		case 3:
			return chatRow(random);
		default: {
			const { shown, event } = anyPresentation(random);
			return comparisonRow(shown, event);
		}
	}
}

export const anyRows = (random: Random, n: number): FeedbackRow[] =>
	Array.from({ length: n }, () => anyRow(random));
