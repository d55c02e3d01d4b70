/** Cards of stored things: their facts gathered from the shelf. */
import type { CardEvaluation, RewardCardFacts } from '../../core/cards/facts';
import { modelCard } from '../../core/cards/model-card';
import { rewardCard } from '../../core/cards/reward-card';
import type { EvaluationRecord, PolicyRecord, RewardModelRecord, Run } from '../../core/records';
import type { Studio } from '../../state/studio.svelte';

function runAndData({ library }: Studio, runId: string) {
	const { runs, versions } = library.records;
	const run: Run | null = runs.find(({ id }) => id === runId) ?? null;
	const hash = run?.parents.datasetVersionId;
	const version = versions.find(({ dataset }) => dataset.id === hash);
	return { run, dataset: version?.dataset ?? null };
}

function rewardFacts(studio: Studio, record: RewardModelRecord): RewardCardFacts {
	const { library } = studio;
	return {
		record,
		...runAndData(studio, record.runId),
		drift: library.stale.get(record.id)?.drift ?? null,
		note: library.noteOf(record.id)?.note ?? ''
	};
}

function evaluationFacts({ evaluate }: Studio, record: EvaluationRecord): CardEvaluation {
	const { wins, ties, losses, answered, simulated, estimate, low, high, verdict } =
		evaluate.tallyOf(record);
	return {
		...{ wins, ties, losses, answered, simulated, estimate, low, high },
		verdict: verdict === 'better' || verdict === 'worse' ? verdict : null,
		name: record.name,
		planned: record.pairs
	};
}

export const rewardCardOf = (studio: Studio, record: RewardModelRecord): string =>
	rewardCard(rewardFacts(studio, record));

/** Metrics are those of the run at the model's step, which must have been read (`studio.curves`). */
export function modelCardOf(studio: Studio, record: PolicyRecord): string {
	const { library, curves } = studio;
	const { rewardModels, evaluations } = library.records;
	const reward = rewardModels.find(({ id }) => id === record.rewardModelId);
	const series = curves.of(record.runId);
	const at = series ? series.steps.indexOf(record.step) : -1;
	const metrics = (series?.keys ?? []).map((key): [string, number] => [
		key,
		series?.values(key)[at] ?? NaN
	]);
	return modelCard({
		record,
		...runAndData(studio, record.runId),
		reward: reward ? rewardFacts(studio, reward) : null,
		// A test between two tuned models says nothing of this one and its base.
		evaluations: evaluations
			.filter(({ candidate, baseline }) => candidate.policyId === record.id && !baseline.policyId)
			.map((one) => evaluationFacts(studio, one)),
		metrics: Object.fromEntries(metrics),
		drift: library.stale.get(record.id)?.drift ?? null,
		note: library.noteOf(record.id)?.note ?? ''
	});
}
