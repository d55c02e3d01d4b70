/** What cards are written from: stored records, and nothing else. */
import type { DatasetVersion } from '../feedback/dataset-version';
import type { PolicyRecord, RewardModelRecord, Run } from '../records';
import type { Drift } from '../staleness';

export interface RewardCardFacts {
	record: RewardModelRecord;
	/** null where it is no longer stored. */
	run: Run | null;
	dataset: DatasetVersion | null;
	/** What became of the answers since; null where nothing did. */
	drift: Drift | null;
	note: string;
}

export interface CardEvaluation {
	name: string;
	wins: number;
	ties: number;
	losses: number;
	answered: number;
	planned: number;
	simulated: number;
	estimate: number;
	low: number;
	high: number;
	verdict: 'better' | 'worse' | null;
}

export interface ModelCardFacts {
	record: PolicyRecord;
	run: Run | null;
	/** Of a method that learns from answers without a reward model. */
	dataset: DatasetVersion | null;
	/** What gave the reward; null where there was none, or it is no longer stored. */
	reward: RewardCardFacts | null;
	/** Blind tests of this model against the one it came from. */
	evaluations: readonly CardEvaluation[];
	/** Metrics of the run at the model's step. */
	metrics: Readonly<Record<string, number>>;
	drift: Drift | null;
	note: string;
}
