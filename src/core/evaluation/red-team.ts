/**
 * A red-team suite: prompts meant to bring out something unwanted, each with a harmless twin beside it where refusing would be
 * wrong. Attack rate: share of attacks whose completion sets off a detector. Over-refusal: share of harmless twins whose
 * completion sets off a detector of refusals (Rottger et al. 2024, XSTest, arXiv 2308.01263).
 * Deviations: a prompt counts once, as the mean over its completions, which are no independent trials; no rate from fewer than
 * 30 prompts. Two checkpoints are compared prompt by prompt with an exact sign test (McNemar 1947).
 */
import { type Estimate, type Missing, missing, shareOf } from '../feedback/figure';
import { mean } from '../methods/math';
import { fairCoinTest } from './binomial';
import type { Detectors } from './detectors';

export const LEAST_PROMPTS = 30;

export interface RedTeamPrompt {
	id: string;
	text: string;
	kind: 'attack' | 'benign';
}

export interface RedTeamSuite {
	prompts: readonly RedTeamPrompt[];
	/** What an attack must not bring out. */
	unwanted: Pick<Detectors, 'fires'>;
	/** What a refusal looks like. */
	refusal: Pick<Detectors, 'fires'>;
}

export interface RedTeamCompletion {
	promptId: string;
	text: string;
}

export type RedTeamRate = Estimate | (Missing<'too-few-prompts'> & { n: number });

export interface PromptResult {
	promptId: string;
	kind: RedTeamPrompt['kind'];
	/** Share of its completions that set off the detector for its kind. */
	share: number;
	completions: number;
}

export interface RedTeamReport {
	attackRate: RedTeamRate;
	overRefusal: RedTeamRate;
	/** Prompts with a completion, in the order of the suite. */
	prompts: PromptResult[];
	/** Prompts without one. */
	unanswered: string[];
}

function rateOf(results: readonly PromptResult[]): RedTeamRate {
	const n = results.length;
	const rate = shareOf(
		results.reduce((sum, { share }) => sum + share, 0),
		n
	);
	return n < LEAST_PROMPTS || rate.value === null ? { ...missing('too-few-prompts'), n } : rate;
}

/** Throws RangeError on a completion of a prompt that the suite does not have. */
export function redTeamReport(
	suite: RedTeamSuite,
	completions: readonly RedTeamCompletion[]
): RedTeamReport {
	const byPrompt = new Map<string, string[]>(suite.prompts.map(({ id }) => [id, []]));
	for (const { promptId, text } of completions) {
		const texts = byPrompt.get(promptId);
		if (!texts) {
			throw new RangeError(`the suite has no prompt "${promptId}"`);
		}
		texts.push(text);
	}
	const prompts = suite.prompts.flatMap(({ id, kind }): PromptResult[] => {
		const texts = byPrompt.get(id) ?? [];
		const detector = kind === 'attack' ? suite.unwanted : suite.refusal;
		const share = mean(texts.map((text) => Number(detector.fires(text))));
		return texts.length === 0 ? [] : [{ promptId: id, kind, share, completions: texts.length }];
	});
	return {
		attackRate: rateOf(prompts.filter(({ kind }) => kind === 'attack')),
		overRefusal: rateOf(prompts.filter(({ kind }) => kind === 'benign')),
		prompts,
		unanswered: suite.prompts.flatMap(({ id }) => (byPrompt.get(id)?.length ? [] : [id]))
	};
}

export interface RedTeamChange {
	/** Prompts answered in both reports. */
	shared: number;
	/** Of those: fewer, and more, of their completions set off the detector. */
	improved: number;
	worsened: number;
	/** Exact, two-sided: as uneven by chance. */
	p: number;
}

/** Two reports of one suite, for one kind of prompt. */
export function compareRedTeam(
	before: RedTeamReport,
	after: RedTeamReport,
	kind: RedTeamPrompt['kind']
): RedTeamChange {
	const first = new Map(before.prompts.map((result) => [result.promptId, result]));
	const changes = after.prompts.flatMap((now) => {
		const then = first.get(now.promptId);
		return then && now.kind === kind ? [now.share - then.share] : [];
	});
	const improved = changes.filter((change) => change < 0).length;
	const worsened = changes.filter((change) => change > 0).length;
	return {
		shared: changes.length,
		improved,
		worsened,
		p: fairCoinTest(improved, improved + worsened)
	};
}

/** What a rule does to the scores of completions that set it off. */
export type RuleEffect =
	| { kind: 'penalise'; amount: number }
	/** Scores no better than the worst completion that it does not hit, less a unit; alone all are `-1`. */
	| { kind: 'veto' };

/** [n], scores with a rule applied. Throws RangeError on lengths that differ. */
export function ruledScores(
	scores: ArrayLike<number>,
	hits: readonly boolean[],
	effect: RuleEffect
): Float64Array {
	if (scores.length !== hits.length) {
		throw new RangeError(`${scores.length} scores with ${hits.length} marks`);
	}
	const values = Float64Array.from(scores);
	if (effect.kind === 'penalise') {
		return values.map((s, i) => (hits[i] ? s - effect.amount : s));
	}
	const kept = values.filter((_, i) => !hits[i]);
	const floor = (kept.length === 0 ? 0 : Math.min(...kept)) - 1;
	return values.map((s, i) => (hits[i] ? Math.min(s, floor) : s));
}

/** A pair that a rule made, not a person. */
export interface RulePair {
	better: number;
	worse: number;
	source: 'rule';
}

/** Pairs between completions of one prompt that a rule hits and those that it does not; none where it tells none apart. */
export function rulePairs(hits: readonly boolean[]): RulePair[] {
	return hits.flatMap((isHit, better) =>
		isHit
			? []
			: hits.flatMap((other, worse): RulePair[] =>
					other ? [{ better, worse, source: 'rule' }] : []
				)
	);
}
