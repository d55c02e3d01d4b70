/**
 * What a native row says about how something was shown and answered, checked field by field before a study keeps it: the page
 * relies on the types of its records, and a file may hold anything. A fact of the wrong shape is left out; the row stays.
 */
import * as v from 'valibot';
import type { Predictor, Selection, SealedPrediction, Showing } from '../../records';
import type { EventFacts, PresentationFacts } from './row';

const finite = v.pipe(v.number(), v.finite());
const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const share = v.pipe(finite, v.minValue(0), v.maxValue(1));
const id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200));

const why = v.variant('kind', [
	v.object({ kind: v.literal('random'), outOf: natural }),
	v.object({
		kind: v.picklist(['bald', 'd-optimal', 'disagreement']),
		score: finite,
		compared: natural,
		pA: share
	}),
	v.object({ kind: v.literal('warm-up') }),
	v.object({ kind: v.literal('repeat'), answersAgo: natural }),
	v.object({ kind: v.literal('triangle'), stage: v.picklist(['opens', 'closes']) }),
	v.object({ kind: v.literal('second-opinion'), answeredBy: natural })
]);
const selection = v.pipe(
	v.object({ policy: v.string(), propensity: share, poolSize: natural, why }),
	v.check(({ policy, why: { kind } }) => policy === kind)
);
const predictor = v.variant('kind', [
	v.object({ kind: v.literal('reward-model'), rewardModelId: id }),
	v.object({ kind: v.literal('posterior'), answers: natural })
]);
const sealed = v.object({ pA: share, predictor, salt: id, commitment: id });
const showing = v.object({
	shownAt: finite,
	armedAt: finite,
	answeredAt: finite,
	activeMs: finite,
	input: v.picklist(['key', 'pointer', 'touch'])
});

function sound<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T | undefined {
	const result = v.safeParse(schema, value);
	return result.success ? result.output : undefined;
}

/** Without fields that have no value. */
function present<T extends object>(facts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
	return Object.fromEntries(
		Object.entries(facts).filter(([, value]) => value !== undefined)
	) as never; // the fields that are left have values
}

export interface SoundPresentationFacts {
	createdAt?: number;
	aSide?: 'left' | 'right';
	sideSeed?: number;
	purpose?: 'feedback' | 'evaluation';
	evaluationId?: string;
	selection?: Selection;
	sealed?: SealedPrediction & { predictor: Predictor };
	repeatOf?: string;
	repeatSwapped?: boolean;
	order?: number[];
	orderSeed?: number;
}

/** `n`: completions that were shown; an order is kept only if it names each of them once. */
export function soundPresentationFacts(
	facts: PresentationFacts | undefined,
	n: number
): SoundPresentationFacts {
	const order = sound(v.array(natural), facts?.order);
	const isPermutation =
		order?.length === n && order.toSorted((x, y) => x - y).every((place, i) => place === i);
	return present({
		createdAt: sound(finite, facts?.createdAt),
		aSide: sound(v.picklist(['left', 'right']), facts?.aSide),
		sideSeed: sound(natural, facts?.sideSeed),
		purpose: sound(v.picklist(['feedback', 'evaluation']), facts?.purpose),
		evaluationId: sound(id, facts?.evaluationId),
		selection: sound(selection, facts?.selection) as Selection | undefined, // its policy is one of its kinds
		sealed: sound(sealed, facts?.sealed),
		repeatOf: sound(id, facts?.repeatOf),
		repeatSwapped: sound(v.boolean(), facts?.repeatSwapped),
		order: isPermutation ? order : undefined,
		orderSeed: sound(natural, facts?.orderSeed)
	});
}

export interface SoundEventFacts {
	revision?: number;
	supersedes?: string;
	showing?: Showing;
}

export function soundEventFacts(facts: EventFacts | undefined): SoundEventFacts {
	return present({
		revision: sound(v.pipe(natural, v.minValue(1)), facts?.revision),
		supersedes: sound(id, facts?.supersedes),
		showing: sound(showing, facts?.showing)
	});
}
