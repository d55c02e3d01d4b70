/** Presentations and answers for tests of the feedback. */
import type { AnswerContext, AnswerDraft } from '../../../../src/core/feedback/comparison';
import type { AnswerEvent, Completion, Presentation } from '../../../../src/core/records';

const HUMAN = { kind: 'human', name: 'someone' } as const;

export const context: AnswerContext = {
	annotator: HUMAN,
	source: 'human',
	responseMs: 900,
	blind: true
};

function completion(ids: number[]): Completion {
	return {
		id: `completion ${ids.join('-')}`,
		text: '',
		promptIds: [0, 7],
		ids,
		behaviourLogProb: ids.map(() => -1),
		stopped: false,
		cutTokens: 0,
		writer: { model: 'stories-1m', policyId: null },
		sampling: { temperature: 1, maxNew: 4, topK: 0, topP: 1, cutAtSentence: true },
		seed: 1,
		row: 0
	};
}

export function presentation(id: string, change: Partial<Presentation> = {}): Presentation {
	return {
		id,
		studyId: 'study',
		version: 1,
		createdAt: 0,
		promptId: `prompt of ${id}`,
		prompt: 'Once',
		a: completion([1, 2]),
		b: completion([3]),
		aSide: 'left',
		sideSeed: 0,
		purpose: 'feedback',
		...change
	};
}

/** Appends a draft as the application would; events of one test are a millisecond apart. */
export function append(events: readonly AnswerEvent[], draft: AnswerDraft | null): AnswerEvent[] {
	if (draft === null) {
		return [...events];
	}
	const number = events.length + 1;
	const record = { id: `event ${number}`, studyId: 'study', version: 1, createdAt: number };
	return [...events, { ...draft, ...record }];
}
