/** What an export leaves out: whole rows with a reason, and facts of the rows it keeps. Nothing is left out unsaid. */
import { isChat } from './content';
import type { FeedbackRow } from './row';

/** Why a row is not in the exported file. */
export const DROP_REASONS = [
	'tie',
	'both-bad',
	'skip',
	'not-answered',
	'taken-back',
	'superseded',
	'simulated',
	'evaluation',
	'no-place',
	'no-original',
	'unchanged',
	'empty',
	'no-verdict',
	'same-prompt',
	'not-text'
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Facts of a kept row for which the format has no place. */
export const LOST_FACTS = [
	'identity',
	'annotator',
	'source',
	'time',
	'response-time',
	'side',
	'presentation',
	'sampling',
	'model',
	'strength',
	'quality',
	'reason-tags',
	'rationale',
	'revision',
	'tags',
	'other-columns',
	'column-types',
	'kind',
	'original',
	'equal-ranks',
	'verdict',
	'one-sided',
	'text-became-chat',
	'chat-became-text'
] as const;
export type LostFact = (typeof LOST_FACTS)[number];

/** The facts that a row holds beyond texts and verdict. */
export function factsOf(row: FeedbackRow): LostFact[] {
	const { judgement, presentation, event, annotator, source, prompt, completions, origin } = row;
	const facts: Partial<Record<LostFact, boolean>> = {
		// A content hash is no fact of its own.
		identity: event !== undefined || presentation !== undefined || prompt.id !== undefined,
		annotator: annotator !== undefined,
		source: source !== 'import',
		time: row.createdAt !== undefined,
		'response-time': typeof event?.responseMs === 'number',
		side: presentation?.aSide !== undefined,
		presentation: presentation !== undefined,
		sampling: completions.some(({ sample }) => sample !== undefined),
		model: completions.some(({ model, sample }) => model !== undefined || sample !== undefined),
		strength: judgement?.strength !== undefined && judgement.strength > 1,
		quality: judgement?.qualityA !== undefined || judgement?.qualityB !== undefined,
		'reason-tags': (judgement?.reasonTags?.length ?? 0) > 0,
		rationale: (judgement?.rationale ?? '') !== '',
		revision: (event?.revision ?? 1) > 1,
		tags: (prompt.tags?.length ?? 0) > 0,
		'other-columns': origin !== undefined && Object.keys(origin.columns).length > 0
	};
	return LOST_FACTS.filter((fact) => facts[fact] === true);
}

/** What writing every text as turns of a conversation changes. */
export const lostAsChat = (row: FeedbackRow): LostFact[] =>
	[row.prompt, ...row.completions].every(isChat) ? [] : ['text-became-chat'];

/** What writing every conversation as one text changes. */
export const lostAsText = (row: FeedbackRow): LostFact[] =>
	[row.prompt, ...row.completions].some(isChat) ? ['chat-became-text'] : [];
