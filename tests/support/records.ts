/** Records for tests: whole and valid, with the given fields replaced. */
import { DEFAULT_PPO, DEFAULT_SAMPLING } from '../../src/core/config';
import {
	RECORD_VERSION,
	type AnswerEvent,
	type Checkpoint,
	type Completion,
	type CompletionSet,
	type EvaluationRecord,
	type MetricRow,
	type PolicyRecord,
	type Presentation,
	type RewardModelRecord,
	type Run,
	type SampleRow,
	type SetJudgement
} from '../../src/core/records';
import { newId } from '../../src/storage/ids';

let tick = 1_700_000_000_000;

/** Fields that every record has; times count up, so that order is known. */
function base(studyId: string) {
	return { id: newId(), studyId, version: RECORD_VERSION, createdAt: tick++ };
}

export function makeCompletion(fields: Partial<Completion> = {}): Completion {
	return {
		id: newId(),
		text: ' The cat was happy.',
		promptIds: [0, 5, 6],
		ids: [7, 8, 9],
		behaviourLogProb: [-1, -0.5, -2],
		stopped: false,
		cutTokens: 0,
		writer: { model: 'stories-1m', policyId: null },
		sampling: DEFAULT_SAMPLING,
		seed: 1,
		row: 0,
		...fields
	};
}

export function makePresentation(
	studyId: string,
	promptId: string,
	fields: Partial<Presentation> = {}
): Presentation {
	return {
		...base(studyId),
		promptId,
		prompt: 'Once upon a time',
		a: makeCompletion(),
		b: makeCompletion({ text: ' The dog was sad.', row: 1 }),
		aSide: 'left',
		sideSeed: 3,
		purpose: 'feedback',
		...fields
	};
}

export function makeAnswer(
	presentation: Presentation,
	fields: Partial<AnswerEvent> = {}
): AnswerEvent {
	return {
		...base(presentation.studyId),
		kind: 'answer',
		presentationId: presentation.id,
		revision: 1,
		outcome: 'a',
		strength: 1,
		annotator: { kind: 'human', name: 'Ada' },
		source: 'human',
		responseMs: 1200,
		blind: true,
		...fields
	};
}

export function makeCompletionSet(
	studyId: string,
	promptId: string,
	fields: Partial<CompletionSet> = {}
): CompletionSet {
	return {
		...base(studyId),
		kind: 'ranking',
		promptId,
		prompt: 'Once upon a time',
		completions: [
			makeCompletion(),
			makeCompletion({ text: ' The dog was sad.', row: 1 }),
			makeCompletion({ text: ' It rained.', row: 2 })
		],
		order: [2, 0, 1],
		orderSeed: 3,
		...fields
	};
}

export function makeSetAnswer(
	set: CompletionSet,
	given: SetJudgement,
	fields: Partial<AnswerEvent> = {}
): AnswerEvent {
	return {
		...base(set.studyId),
		kind: 'answer',
		presentationId: set.id,
		revision: 1,
		given,
		annotator: { kind: 'human', name: 'Ada' },
		source: 'human',
		responseMs: 1200,
		blind: true,
		...fields
	};
}

export function makeRun(studyId: string, fields: Partial<Run> = {}): Run {
	return {
		...base(studyId),
		kind: 'ppo',
		name: 'PPO 1',
		status: 'running',
		seed: 7,
		config: DEFAULT_PPO,
		model: 'stories-1m',
		backend: 'cpu',
		backendReason: 'asked for',
		parents: {},
		step: 0,
		totalSteps: 40,
		updatedAt: tick,
		elapsedMs: 0,
		...fields
	};
}

export function makeMetrics(runId: string, ...steps: number[]): MetricRow[] {
	return steps.map((step) => ({ runId, step, values: { 'objective/kl': step / 10 } }));
}

export function makeSamples(runId: string, ...steps: number[]): SampleRow[] {
	return steps.map((step) => ({
		runId,
		step,
		samples: [{ prompt: 'Once', before: ' there', after: ` ${step}`, tokens: [], score: null }]
	}));
}

export function makeCheckpoint(runId: string, step: number, state: unknown = {}): Checkpoint {
	return {
		runId,
		step,
		version: RECORD_VERSION,
		savedAt: tick++,
		state,
		weights: Uint8Array.of(step, 1, 2).buffer
	};
}

export function makeRewardModel(
	run: Run,
	fields: Partial<RewardModelRecord> = {}
): RewardModelRecord {
	return {
		...base(run.studyId),
		name: 'Reward 1',
		model: run.model,
		runId: run.id,
		datasetHash: 'hash',
		pooling: 'mean',
		gain: 1,
		bias: 0,
		trainAccuracy: 0.9,
		heldOutAccuracy: 0.7,
		heldOutPairs: 10,
		trainPairs: 40,
		simulatedShare: 0,
		weightsBytes: 3,
		...fields
	};
}

export function makePolicy(
	run: Run,
	rewardModelId: string,
	fields: Partial<PolicyRecord> = {}
): PolicyRecord {
	return {
		...base(run.studyId),
		name: 'Policy 1',
		model: run.model,
		runId: run.id,
		rewardModelId,
		step: 40,
		kl: 3,
		reward: 1.5,
		weightsBytes: 3,
		...fields
	};
}

export function makeEvaluation(
	studyId: string,
	policyId: string,
	fields: Partial<EvaluationRecord> = {}
): EvaluationRecord {
	return {
		...base(studyId),
		name: 'Blind 20',
		baseline: { model: 'stories-1m', policyId: null },
		candidate: { model: 'stories-1m', policyId },
		pairs: 20,
		seed: 5,
		...fields
	};
}
