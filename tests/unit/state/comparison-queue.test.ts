import { expect, test } from 'vitest';
import type { AnswerEvent } from '../../../src/core/records';
import { waitingPairs } from '../../../src/state/comparison-queue';
import { makeAnswer, makePresentation } from '../../support/records';

const pairs = Array.from({ length: 14 }, (_, i) =>
	makePresentation('study', 'prompt', { id: `p${i}` })
);
const event = (presentationId: string, fields: Partial<AnswerEvent> = {}): AnswerEvent =>
	makeAnswer(makePresentation('study', 'prompt', { id: presentationId }), fields);
const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);

test('pairs without an answer wait in their order', () => {
	expect(ids(waitingPairs(pairs.slice(0, 3), [event('p1')]))).toEqual(['p0', 'p2']);
});

test('an answer taken back comes first, the latest before the earlier', () => {
	const events = [
		event('p0'),
		event('p1'),
		event('p1', { kind: 'revoke', revision: 2 }),
		event('p0', { kind: 'revoke', revision: 2 })
	];
	expect(ids(waitingPairs(pairs.slice(0, 3), events))).toEqual(['p0', 'p1', 'p2']);
});

test('a skipped pair comes back once, after ten other answers', () => {
	const skipped = event('p0', { outcome: 'skip', skipReason: 'cannot-tell', source: 'human' });
	const nine = pairs.slice(1, 10).map(({ id }) => event(id));
	expect(ids(waitingPairs(pairs, [skipped, ...nine]))).not.toContain('p0');
	const ten = [...nine, event('p10')];
	expect(ids(waitingPairs(pairs, [skipped, ...ten]))[0]).toBe('p0');
	const again = event('p0', { outcome: 'skip', revision: 2, source: 'human' });
	const more = pairs.slice(1, 13).map(({ id }) => event(id));
	expect(ids(waitingPairs(pairs, [skipped, again, ...more]))).toEqual(['p13']);
});

test('a broken pair does not come back', () => {
	const broken = event('p0', { outcome: 'skip', skipReason: 'broken', source: 'human' });
	expect(waitingPairs(pairs.slice(0, 1), [broken])).toEqual([]);
});
