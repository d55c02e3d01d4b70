/** Which pairs or sets wait for an answer, and in which order. Pure. */
import type { AnswerEvent } from '../core/records';

/** A skipped pair comes back once, after this many other answers. */
const SKIP_RETURNS_AFTER = 10;

function returnsAfterSkip(event: AnswerEvent, eventsSince: number, hasFresh: boolean): boolean {
	const mayReturn =
		event.outcome === 'skip' &&
		event.revision === 1 &&
		event.source === 'human' &&
		(event.skipReason === undefined || event.skipReason === 'cannot-tell');
	return mayReturn && (eventsSince >= SKIP_RETURNS_AFTER || !hasFresh);
}

/** Answers taken back come first, the latest first; then skipped pairs that return; then new ones in their order. */
export function waitingPairs<T extends { id: string }>(
	presentations: readonly T[],
	events: readonly AnswerEvent[]
): T[] {
	const latest = new Map<string, { event: AnswerEvent; index: number }>();
	events.forEach((event, index) => latest.set(event.presentationId, { event, index }));
	const fresh = presentations.filter((pair) => !latest.has(pair.id));
	const withEvent = presentations.flatMap((pair) => {
		const known = latest.get(pair.id);
		return known ? [{ pair, ...known }] : [];
	});
	const revoked = withEvent
		.filter(({ event }) => event.kind === 'revoke')
		.sort((x, y) => y.index - x.index);
	const returning = withEvent.filter(({ event, index }) =>
		returnsAfterSkip(event, events.length - 1 - index, fresh.length > 0)
	);
	return [...revoked.map(({ pair }) => pair), ...returning.map(({ pair }) => pair), ...fresh];
}
