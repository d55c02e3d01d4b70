/** Native rows: checked field by field, because a file with the right first words may hold anything behind them. */
import * as v from 'valibot';
import type { JsonObject } from '../json';
import { RowError } from '../problems';
import {
	FEEDBACK_FORMAT,
	FEEDBACK_KINDS,
	FEEDBACK_VERSION,
	ROLES,
	SCHEMA_NAMES,
	type FeedbackRow
} from '../row';

const finite = v.pipe(v.number(), v.finite());
const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const tokenIds = v.array(natural);
const id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200));
const columns = v.record(v.string(), v.any());

const message = v.looseObject({ role: v.picklist(ROLES) });
const text = { text: v.string(), messages: v.optional(v.never()) };
const chat = { messages: v.array(message), text: v.optional(v.never()) };

const promptFacts = {
	id: v.optional(id),
	tags: v.optional(v.array(v.string())),
	record: v.optional(
		v.looseObject({
			studyId: id,
			version: natural,
			createdAt: finite,
			source: v.picklist(['built-in', 'typed', 'import'])
		})
	)
};
const prompt = v.union([
	v.strictObject({ ...text, ...promptFacts }),
	v.strictObject({ ...chat, ...promptFacts })
]);

const sample = v.looseObject({
	promptIds: tokenIds,
	ids: tokenIds,
	behaviourLogProb: v.array(finite),
	stopped: v.boolean(),
	cutTokens: natural,
	writer: v.looseObject({ model: v.string(), policyId: v.nullable(v.string()) }),
	sampling: v.looseObject({}),
	seed: natural,
	row: natural
});
const completionFacts = {
	id: v.optional(id),
	model: v.optional(v.string()),
	sample: v.optional(
		v.pipe(
			sample,
			// None where a completion was imported: nobody knows how probable it was.
			v.check(
				({ ids, behaviourLogProb }) =>
					behaviourLogProb.length === 0 || ids.length === behaviourLogProb.length,
				'lengths'
			)
		)
	)
};
const completion = v.union([
	v.strictObject({ ...text, ...completionFacts }),
	v.strictObject({ ...chat, ...completionFacts })
]);

const given = v.variant('kind', [
	v.strictObject({
		kind: v.literal('ranking'),
		ranks: v.array(v.pipe(natural, v.minValue(1)))
	}),
	v.strictObject({ kind: v.literal('rating'), value: finite, scale: finite }),
	v.strictObject({ kind: v.literal('thumb'), isUp: v.boolean() }),
	v.strictObject({
		kind: v.literal('demonstration'),
		text: v.string(),
		ids: tokenIds,
		messages: v.optional(v.array(message))
	})
]);

const judgement = v.strictObject({
	outcome: v.optional(v.picklist(['a', 'b', 'tie', 'skip'])),
	strength: v.optional(v.picklist([0, 1, 2, 3])),
	qualityA: v.optional(v.picklist(['good', 'bad'])),
	qualityB: v.optional(v.picklist(['good', 'bad'])),
	skipReason: v.optional(v.string()),
	reasonTags: v.optional(v.array(v.string())),
	rationale: v.optional(v.string()),
	given: v.optional(given)
});

const row = v.strictObject({
	format: v.literal(FEEDBACK_FORMAT),
	version: v.literal(FEEDBACK_VERSION),
	id,
	kind: v.picklist(FEEDBACK_KINDS),
	prompt,
	completions: v.array(completion),
	judgement: v.nullable(judgement),
	source: v.picklist(['human', 'simulated', 'rule', 'import']),
	annotator: v.optional(
		v.looseObject({
			name: v.string(),
			kind: v.optional(v.picklist(['human', 'simulated'])),
			id: v.optional(id)
		})
	),
	createdAt: v.optional(finite),
	presentation: v.optional(
		v.looseObject({
			id: v.optional(id),
			aSide: v.optional(v.picklist(['left', 'right'])),
			purpose: v.optional(v.picklist(['feedback', 'evaluation']))
		})
	),
	event: v.optional(
		v.looseObject({
			action: v.picklist(['answer', 'revoke']),
			presentationId: v.optional(id),
			revision: v.optional(natural),
			supersedes: v.optional(id),
			responseMs: v.optional(v.nullable(finite)),
			blind: v.optional(v.boolean())
		})
	),
	origin: v.optional(
		v.strictObject({
			schema: v.picklist(SCHEMA_NAMES),
			layout: v.optional(v.string()),
			columns
		})
	)
});

/** Numbers of completions that a kind can have. */
const COMPLETIONS: Readonly<Record<FeedbackRow['kind'], readonly [least: number, most: number]>> = {
	comparison: [2, 2],
	ranking: [2, 100],
	rating: [1, 1],
	thumb: [1, 1],
	demonstration: [0, 1],
	prompt: [0, 0]
};

/** What the types alone cannot say. */
function isConsistent({ kind, completions, judgement: said, event }: v.InferOutput<typeof row>) {
	const [least, most] = COMPLETIONS[kind];
	const isComparison = kind === 'comparison';
	if (completions.length < least || completions.length > most) {
		return false;
	}
	if (!said) {
		return true;
	}
	if (event?.action === 'revoke') {
		return false;
	}
	if (said.outcome === 'skip') {
		return said.given === undefined;
	}
	if (isComparison) {
		return said.outcome !== undefined && said.given === undefined;
	}
	const isRanked = said.given?.kind !== 'ranking' || said.given.ranks.length === completions.length;
	return said.outcome === undefined && said.given?.kind === kind && isRanked;
}

export const looksNative = (value: JsonObject): boolean => value.format === FEEDBACK_FORMAT;

/** @throws RowError 'newer-version' | 'not-native' */
export function readNative(value: JsonObject): FeedbackRow {
	if (looksNative(value) && typeof value.version === 'number' && value.version > FEEDBACK_VERSION) {
		throw new RowError('newer-version', 'version', value.version);
	}
	const result = v.safeParse(row, value);
	if (!result.success) {
		const [issue] = result.issues;
		throw new RowError('not-native', v.getDotPath(issue) ?? undefined, issue.received);
	}
	if (!isConsistent(result.output)) {
		throw new RowError('not-native', 'judgement', value.judgement);
	}
	return value as unknown as FeedbackRow; // as the schema has just found; the value itself keeps every field
}
