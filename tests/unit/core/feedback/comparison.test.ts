import { describe, expect, test } from 'vitest';
import {
	currentAnswers,
	draftEvent,
	type Judgement,
	nextMoves,
	preferencePairs,
	tally
} from '../../../../src/core/feedback/comparison';
import type { AnswerEvent } from '../../../../src/core/records';
import { append, context, presentation } from './records';

const BOTH_BAD: Judgement = { outcome: 'tie', strength: 0, qualityA: 'bad', qualityB: 'bad' };

/** A log of judgements: [presentation, outcome], null takes an answer back. */
function log(...entries: [string, Judgement['outcome'] | null][]): AnswerEvent[] {
	return entries.reduce<AnswerEvent[]>((events, [id, outcome]) => {
		const judgement = outcome ? { outcome } : null;
		return append(events, draftEvent(events, id, judgement, context));
	}, []);
}

const undo = (events: AnswerEvent[]) => append(events, nextMoves(events).undo);
const redo = (events: AnswerEvent[]) => append(events, nextMoves(events).redo);

/** The current answers in words. */
function state(events: readonly AnswerEvent[]): string {
	const answers = [...currentAnswers(events).values()];
	return answers
		.map((event) => `${event.presentationId}:${event.outcome}`)
		.sort()
		.join(' ');
}

describe('current answers', () => {
	test('are the latest of each presentation, and none where it was taken back', () => {
		const events = log(['p', 'a'], ['q', 'tie'], ['p', 'b'], ['r', 'skip'], ['q', null]);
		expect(state(events)).toBe('p:b r:skip');
	});

	test('do not depend on the order in which events are read', () => {
		const events = log(['p', 'a'], ['p', 'b'], ['p', null], ['p', 'tie'], ['q', 'a']);
		expect(state(events.toReversed())).toBe('p:tie q:a');
	});

	test('count revisions from 1 and name the event they replace', () => {
		const events = log(['p', 'a'], ['q', 'a'], ['p', null]);
		const revisions = events.map((e) => [e.revision, e.supersedes, e.kind, e.outcome]);
		expect(revisions).toEqual([
			[1, undefined, 'answer', 'a'],
			[1, undefined, 'answer', 'a'],
			[2, 'event 1', 'revoke', undefined]
		]);
	});
});

describe('undo and redo', () => {
	test('go back to the beginning and forth to the end', () => {
		const events = log(['p', 'a'], ['q', 'b'], ['r', 'tie']);
		const back = undo(undo(undo(events)));
		expect(state(undo(events))).toBe('p:a q:b');
		expect(state(back)).toBe('');
		expect(nextMoves(back).undo).toBeNull();
		const forth = redo(redo(redo(back)));
		expect(state(forth)).toBe('p:a q:b r:tie');
		expect(nextMoves(forth).redo).toBeNull();
		expect(state(undo(undo(forth)))).toBe('p:a');
	});

	test('of a changed answer restore the earlier one with everything said in it', () => {
		const first = append([], draftEvent([], 'p', { ...BOTH_BAD, rationale: 'dull' }, context));
		const changed = append(first, draftEvent(first, 'p', { outcome: 'a', strength: 2 }, context));
		const [answer] = currentAnswers(undo(changed)).values();
		expect(answer).toMatchObject({ ...BOTH_BAD, rationale: 'dull', revision: 3 });
		expect(state(redo(undo(changed)))).toBe('p:a');
	});

	test('rewrite nothing: the log only grows', () => {
		const events = log(['p', 'a'], ['q', 'b']);
		const later = redo(undo(undo(events)));
		expect(later.slice(0, 2)).toEqual(events);
		expect(later).toHaveLength(5);
	});

	test('nothing can be redone after a new answer', () => {
		const events = undo(log(['p', 'a'], ['q', 'b']));
		const answered = append(events, draftEvent(events, 'r', { outcome: 'tie' }, context));
		expect(nextMoves(answered).redo).toBeNull();
		expect(state(undo(answered))).toBe('p:a');
		expect(state(undo(undo(answered)))).toBe('');
	});

	test('taking back an older answer from the list is an action that undo reverses', () => {
		const events = log(['p', 'a'], ['q', 'b'], ['p', null]);
		expect(state(undo(events))).toBe('p:a q:b');
		expect(state(undo(undo(events)))).toBe('p:a');
	});

	test('cover every kind of feedback, compared by content', () => {
		const ranking: Judgement = { given: { kind: 'ranking', ranks: [1, 2, 2] } };
		const again: Judgement = { given: { kind: 'ranking', ranks: [1, 2, 2] } };
		const other: Judgement = { given: { kind: 'ranking', ranks: [2, 1, 3] } };
		const first = append([], draftEvent([], 'set', ranking, context));
		const changed = append(first, draftEvent(first, 'set', other, context));
		expect(nextMoves(changed).undo?.given).toEqual(ranking.given);
		// An event that says the same in another object is the undo, not a new action.
		const back = append(changed, draftEvent(changed, 'set', again, context));
		expect(nextMoves(back).redo?.given).toEqual(other.given);
		expect(nextMoves(back).undo).toMatchObject({ kind: 'revoke', presentationId: 'set' });
	});

	test('tell reason tags apart and bring them back', () => {
		const said: Judgement = { outcome: 'a', reasonTags: ['clear', 'kind'] };
		const first = append([], draftEvent([], 'p', said, context));
		const changed = append(
			first,
			draftEvent(first, 'p', { outcome: 'a', reasonTags: ['clear'] }, context)
		);
		const [answer] = currentAnswers(undo(changed)).values();
		expect(answer?.reasonTags).toEqual(['clear', 'kind']);
	});

	test('bring an answer back with the showing it was given in; a revocation has none', () => {
		const showing = { shownAt: 1, armedAt: 2, answeredAt: 9, activeMs: 8, input: 'key' } as const;
		const events = append([], draftEvent([], 'p', { outcome: 'a' }, { ...context, showing }));
		const corrected = append(
			events,
			draftEvent(events, 'p', { outcome: 'b' }, { ...context, responseMs: null })
		);
		expect(nextMoves(corrected).undo).toMatchObject({ outcome: 'a', showing, responseMs: 900 });
		expect(nextMoves(events).undo?.showing).toBeUndefined();
		expect(nextMoves(undo(events)).redo?.showing).toEqual(showing);
	});

	test('reach only what one did oneself, where several people answer on one machine', () => {
		const as = (id: string) => ({
			...context,
			annotator: { kind: 'human', name: id, id } as const
		});
		const own = (id: string) => (event: AnswerEvent) => event.annotator.id === id;
		let events = append([], draftEvent([], 'p', { outcome: 'a' }, as('ada')));
		events = append(events, draftEvent(events, 'q', { outcome: 'b' }, as('bob')));
		expect(nextMoves(events, own('ada')).undo).toMatchObject({
			kind: 'revoke',
			presentationId: 'p'
		});
		const undone = append(events, nextMoves(events, own('ada')).undo);
		expect(nextMoves(undone, own('ada')).undo).toBeNull();
		expect(nextMoves(undone, own('bob')).undo).toMatchObject({ presentationId: 'q' });
		// Bob corrects Ada's answer and thinks better of it: hers stands again, under her name, and his undo is done.
		events = append(events, draftEvent(events, 'p', { outcome: 'tie' }, as('bob')));
		const back = append(events, nextMoves(events, own('bob')).undo);
		expect(back.at(-1)).toMatchObject({ outcome: 'a', annotator: { id: 'ada' } });
		expect(nextMoves(back, own('bob')).undo).toMatchObject({ presentationId: 'q' });
		expect(nextMoves(back, own('bob')).redo).toMatchObject({
			outcome: 'tie',
			annotator: { id: 'bob' }
		});
	});

	test('keep a simulated answer marked as simulated', () => {
		const simulated = { ...context, source: 'simulated', responseMs: null } as const;
		const events = append([], draftEvent([], 'p', { outcome: 'a' }, simulated));
		expect(redo(undo(events)).map((e) => e.source)).toEqual([
			'simulated',
			'simulated',
			'simulated'
		]);
	});
});

describe('tally', () => {
	test('counts outcomes, both-bad and the share of simulated answers', () => {
		let events = log(['p', 'a'], ['q', 'skip'], ['r', 'b'], ['s', null]);
		events = append(events, draftEvent(events, 't', BOTH_BAD, { ...context, source: 'simulated' }));
		expect(tally(currentAnswers(events).values())).toEqual({
			answers: 4,
			decided: 2,
			ties: 1,
			skips: 1,
			bothBad: 1,
			simulated: 1,
			simulatedShare: 0.25
		});
	});

	test('of nothing is zero', () => {
		expect(tally([]).simulatedShare).toBe(0);
	});
});

describe('preferencePairs', () => {
	const all = { ties: 'half', includeSimulated: true } as const;
	const labels = (events: AnswerEvent[], options: Parameters<typeof preferencePairs>[2] = all) =>
		preferencePairs(
			['p', 'q', 'r', 's'].map((id) => presentation(id)),
			currentAnswers(events),
			options
		).map((pair) => `${pair.presentationId}:${pair.y}`);

	test('are 1, 0 and 0.5 for a, b and a tie; skips and open questions are none', () => {
		expect(labels(log(['p', 'a'], ['q', 'b'], ['r', 'tie'], ['s', 'skip']))).toEqual([
			'p:1',
			'q:0',
			'r:0.5'
		]);
		expect(labels(log(['q', 'b'], ['r', 'a'], ['r', null]))).toEqual(['q:0']);
	});

	test('leave ties and simulated answers out where asked', () => {
		const simulated = { ...context, source: 'simulated' } as const;
		const events = append(
			log(['p', 'a'], ['r', 'tie']),
			draftEvent([], 'q', { outcome: 'b' }, simulated)
		);
		expect(labels(events)).toEqual(['p:1', 'q:0', 'r:0.5']);
		expect(labels(events, { ties: 'drop', includeSimulated: false })).toEqual(['p:1']);
	});

	test('never come from an evaluation', () => {
		const shown = [presentation('p', { purpose: 'evaluation' }), presentation('q')];
		const pairs = preferencePairs(shown, currentAnswers(log(['p', 'a'], ['q', 'a'])), all);
		expect(pairs.map((pair) => pair.presentationId)).toEqual(['q']);
	});

	test('carry the tokens of both completions and where they came from', () => {
		expect(preferencePairs([presentation('p')], currentAnswers(log(['p', 'b'])), all)).toEqual([
			{
				presentationId: 'p',
				promptId: 'prompt of p',
				promptIds: [0, 7],
				aIds: [1, 2],
				bIds: [3],
				y: 0,
				simulated: false
			}
		]);
	});
});
