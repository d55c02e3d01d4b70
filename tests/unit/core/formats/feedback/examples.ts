/** Rows as each format's own documentation writes them, with columns of their own that no reader knows. */
import type { JsonObject } from '../../../../../src/core/formats/feedback/json';
import type { ForeignSchemaName } from '../../../../../src/core/formats/feedback/row';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

const HH_PROMPT =
	'\n\nHuman: Who was Ada?\n\nAssistant: A mathematician.\n\nHuman: When?\n\nAssistant:';

export const EXAMPLES: Readonly<Record<ForeignSchemaName, readonly JsonObject[]>> = {
	'trl-preference': [
		{ prompt: 'The sky is', chosen: ' blue.', rejected: ' green.' },
		{ prompt: '', chosen: '=1+1', rejected: '-1', score: 0.5, tags: ['x', 'y'] },
		{ chosen: 'The sky is blue.', rejected: 'The sky is green.' },
		{ chosen: 'Same 😀 start', rejected: 'Same 😁 start' },
		{ prompt: [user('Hi')], chosen: [assistant('Hello')], rejected: [assistant('What?')] },
		{ chosen: [user('Hi'), assistant('Hello')], rejected: [user('Hi'), assistant('What?')] },
		{
			prompt: 'Hi',
			chosen: [user('Hi'), assistant('Hello')],
			rejected: [user('Hi'), assistant('What?')],
			score_chosen: 9
		},
		{ prompt: 'Hi', chosen: [assistant('Hello')], rejected: [assistant('What?')] }
	],
	'trl-unpaired': [
		{ prompt: 'The sky is', completion: ' blue.', label: true },
		{ prompt: 'The sky is', completion: ' green.', label: false, source: 'web' },
		{ prompt: [user('Hi')], completion: [assistant('Hello')], label: true }
	],
	'trl-prompt-completion': [
		{ prompt: 'The sky is', completion: ' blue.' },
		{ prompt: [user('Hi')], completion: [assistant('Hello')], id: 7 }
	],
	'trl-prompt-only': [{ prompt: 'The sky is' }, { prompt: [user('Hi')], topic: 'greeting' }],
	'hh-rlhf': [
		{ chosen: `${HH_PROMPT} In 1815.`, rejected: `${HH_PROMPT} Long ago` },
		{ chosen: `${HH_PROMPT}`, rejected: `${HH_PROMPT} Long ago\n\nHuman: When?\n\nAssistant: ?` }
	],
	'openai-preference': [
		{
			input: {
				messages: [{ role: 'system', content: 'Be brief.' }, user('Hello, is this cold?')],
				tools: [],
				parallel_tool_calls: true
			},
			preferred_output: [assistant('Yes.')],
			non_preferred_output: [assistant('It is not particularly cold.')]
		},
		{
			input: { messages: [user('Hi')] },
			preferred_output: [{ role: 'assistant', content: [{ type: 'text', text: 'Hello' }] }],
			non_preferred_output: [assistant('What?')],
			metadata: { n: 1 }
		}
	],
	'summarize-from-feedback': [
		{
			info: { id: 't3_1', post: 'A long story.', title: 'Story', subreddit: 'tifu' },
			summaries: [
				{ text: ' Short.', policy: 'sup4', note: 'fine' },
				{ text: ' A story.', policy: 'ref', note: null }
			],
			choice: 1,
			worker: 'w7',
			batch: 'batch3',
			split: 'train',
			extra: { confidence: 8 }
		},
		{
			info: { id: 'cnn1', article: 'News of the day.' },
			summaries: [
				{ text: 'News.', policy: 'a' },
				{ text: 'Day.', policy: 'b' }
			],
			choice: 0,
			worker: 'w1',
			batch: 'b',
			split: 'valid2',
			extra: {}
		}
	],
	arena: (['model_a', 'model_b', 'tie', 'tie (bothbad)'] as const).map((winner, i) => ({
		question_id: `q${i}`,
		model_a: 'vicuna-13b',
		model_b: 'alpaca-13b',
		winner,
		judge: 'arena_user_1',
		conversation_a: [user('Hi'), assistant('Hello'), user('Bye'), assistant('Goodbye')],
		conversation_b: [user('Hi'), assistant('What?'), user('Bye'), assistant('...')],
		turn: 2,
		anony: true,
		language: 'English',
		tstamp: 1682351591.13,
		toxic: false
	})),
	table: [
		{
			id: 'e1',
			kind: 'comparison',
			prompt: 'Once',
			a: ' upon a time',
			b: ' more',
			outcome: 'tie',
			strength: 0,
			quality_a: 'bad',
			quality_b: 'bad',
			reason_tags: 'boring; repeats',
			rationale: 'neither',
			annotator: 'Ada',
			annotator_id: 'p1',
			source: 'human',
			created_at: '2026-11-23T10:00:00.000Z',
			response_ms: 1200,
			a_side: 'right',
			blind: true,
			action: 'answer',
			presentation_id: 's1',
			revision: 1
		},
		{
			id: 'e2',
			kind: 'rating',
			prompt: 'Once',
			a: ' upon',
			b: '',
			rating: 4,
			rating_scale: 5,
			source: 'human'
		},
		{
			id: 'e3',
			kind: 'thumb',
			prompt: 'Once',
			a: ' upon',
			b: '',
			thumb: 'down',
			source: 'simulated'
		},
		{
			id: 'e4',
			kind: 'demonstration',
			prompt: 'Once',
			a: ' upon',
			b: '',
			written: ' there was',
			source: 'human'
		},
		{
			id: 'e5',
			kind: 'prompt',
			prompt: 'Once',
			a: '',
			b: '',
			source: 'import',
			tags: 'start; story'
		},
		{
			id: 'e6',
			kind: 'comparison',
			prompt: 'Once',
			a: ' x',
			b: ' y',
			outcome: 'skip',
			skip_reason: 'broken',
			source: 'human'
		}
	]
};
