/** What is told about a method of tuning, in the choice, on its charts and on its page: each thing stands here once. */
import type { TuneConfigs, TuneMethod } from '../../core/config';

/** What a method learns from, and what must be there before it can start. */
export type MethodNeed = 'reward-model' | 'pairs' | 'labels' | 'texts';

export type MethodFamily = 'writes' | 'compares' | 'answers' | 'imitates';

/** A choice in the list: a method, or one of its variants that is known under a name of its own. */
export type MethodId = TuneMethod | 'cdpo' | 'robust-dpo';

export interface Paper {
	/** Who and when. */
	authors: string;
	title: string;
	/** arXiv number or address, to be read, not followed. */
	where: string;
}

interface EntryOf<M extends TuneMethod> {
	id: MethodId;
	method: M;
	/** What makes the variant: fields of the config that it sets. */
	variant?: Partial<TuneConfigs[M]>;
	label: string;
	/** In full, where the label is short for something. */
	name: string;
	family: MethodFamily;
	/** One sentence: what it does. */
	sentence: string;
	/** A few sentences more: why, and when to take it. */
	story: string;
	need: MethodNeed;
	/** A line each. */
	formula: readonly string[];
	/** Letters of the formula in words. */
	where: readonly (readonly [symbol: string, meaning: string])[];
	/** How this differs from what was published. */
	deviations: readonly string[];
	papers: readonly Paper[];
	/** Keys of the catalogue of metrics: drawn large, and drawn small. */
	large: readonly [string, string];
	small: readonly string[];
	/** Settings that stand outside "All settings". */
	knobs: readonly (keyof TuneConfigs[M] & string)[];
}

export type MethodEntry = { [M in TuneMethod]: EntryOf<M> }[TuneMethod];
