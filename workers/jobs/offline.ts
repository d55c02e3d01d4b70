/**
 * What every method shares that learns from texts written before (pairs, judged completions, demonstrations): epochs of optimiser
 * steps over shuffled rows, held-out rows by prompt, drift and samples after each epoch, commits in between.
 * All randomness is a function of (seed, epoch), so a checkpoint needs no generator state: the step says where to go on.
 */
import type { OfflineConfig } from '../../src/core/config';
import { splitByPrompt } from '../../src/core/feedback/split';
import { finiteCheck, referenceCheck, startKlCheck } from '../../src/core/invariants';
import { responseSums } from '../../src/core/methods/response';
import { scheduleFactor } from '../../src/core/methods/schedule';
import { Random, deriveSeed } from '../../src/core/random';
import type { FixedPromptSample, InvariantCheck } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import type { Batch, F, LanguageModel, LossResult } from '../engine/language-model';
import type { JobFrame } from '../run-loop';
import { measureDrift, type Drift } from './drift';
import { assertSound } from './on-policy';
import { packModel, weightsHash } from './weights-io';

export interface OfflineJob<C extends OfflineConfig> extends Omit<Drift, 'config'> {
	/** Trained in place; without heads. */
	policy: LanguageModel;
	/** Never stepped. */
	reference: LanguageModel;
	config: C;
	startsElsewhere?: boolean;
	showSamples?: () => Promise<FixedPromptSample[]>;
	/** The policy's weights are loaded already. */
	resumeFrom?: OfflineState;
}

/** What a checkpoint holds beside weights and moments. */
export interface OfflineState {
	step: number;
	referenceHash: string;
}

export interface OfflineMethod<Row> {
	/** Rows of one optimiser step are never fewer, where there are as many at all. */
	leastRows: number;
	/** Before the first step, at a resume too. */
	prepare?: () => Promise<void>;
	/** Adds the gradients of some rows; their loss and metrics. */
	backward(rows: readonly Row[]): Promise<LossResult>;
	/** What held-out rows say; keys of the catalogue. */
	judge(rows: readonly Row[]): Promise<Record<string, number>>;
	/** Key of a metric that is 0 while policy and reference are the same. */
	zeroAtStart?: string;
}

/** Steps after which a long epoch is committed, so that a stop loses little. */
const COMMIT_STEPS = 8;

const perEpoch = (rows: number, batchRows: number) => Math.max(1, Math.ceil(rows / batchRows));

/** Steps the job will take, for its run record. */
export function offlineSteps<Row extends { promptIds: readonly number[] }>(
	rows: readonly Row[],
	config: Pick<OfflineConfig, 'epochs' | 'batchRows' | 'heldOut'>,
	seed: number
): number {
	return config.epochs * perEpoch(splitRows(rows, config, seed).train.length, config.batchRows);
}

function splitRows<Row extends { promptIds: readonly number[] }>(
	rows: readonly Row[],
	config: Pick<OfflineConfig, 'heldOut'>,
	seed: number
) {
	return config.heldOut > 0
		? splitByPrompt(rows, config.heldOut, seed)
		: { train: [...rows], heldOut: [] };
}

/** Runs all epochs. Throws 'not-enough-data', 'aborted' on stop, 'not-finite' on NaN; the last committed step stays. */
export async function runOffline<
	C extends OfflineConfig,
	Row extends { promptIds: readonly number[] }
>(
	job: OfflineJob<C>,
	rows: readonly Row[],
	loop: JobFrame,
	method: OfflineMethod<Row>
): Promise<OfflineState> {
	const { config, seed } = job;
	const { train, heldOut } = splitRows(rows, config, seed);
	assertEnough(train.length, method.leastRows);
	const steps = perEpoch(train.length, config.batchRows);
	const total = config.epochs * steps;
	const referenceHash = job.resumeFrom?.referenceHash ?? (await weightsHash(job.reference));
	let state: OfflineState = job.resumeFrom ?? { step: 0, referenceHash };
	if (state.step === 0) {
		await loop.commit({ state, weights: await packModel(job.policy, true) });
	}
	await loop.phase('score');
	await method.prepare?.();
	while (state.step < total) {
		const { step } = state;
		const started = performance.now();
		const part = rowsOfStep(train, step, steps, seed);
		await loop.phase('train');
		const result = await method.backward(part);
		const lr = config.lr * scheduleFactor(config.lrSchedule, step, total, config.warmup);
		const gradNorm = await learn(job, result, lr);
		const isEpochEnd = (step + 1) % steps === 0;
		const after = isEpochEnd ? await lookAround(job, heldOut, loop, method) : {};
		const invariants = await check(job, loop, step, result, { after, referenceHash, method });
		const seconds = (performance.now() - started) / 1000;
		loop.finishStep(step + 1, {
			values: {
				...result.metrics,
				...after,
				...(gradNorm !== null && { grad_norm: gradNorm }),
				lr,
				epoch: (step + 1) / steps,
				'perf/rows_per_second': part.length / seconds
			},
			invariants,
			...(isEpochEnd && job.showSamples && { samples: await job.showSamples() })
		});
		assertSound(invariants);
		state = { step: step + 1, referenceHash };
		if (isEpochEnd || state.step % COMMIT_STEPS === 0) {
			await loop.phase('save');
			await loop.commit({ state, weights: await packModel(job.policy, true) });
		}
	}
	return state;
}

function assertEnough(rows: number, needed: number): void {
	if (rows < needed) {
		throw new StudioError(
			'not-enough-data',
			`There are ${rows} rows to learn from; ${needed} are needed.`,
			{ detail: { pairs: rows, needed } }
		);
	}
}

/** Rows of one step: an epoch's order divided evenly, so that no step is left with a crumb. */
function rowsOfStep<Row>(train: readonly Row[], step: number, steps: number, seed: number): Row[] {
	const epoch = Math.floor(step / steps);
	const order = new Random(deriveSeed(seed, `rows ${epoch}`)).shuffle(train);
	const edge = (i: number) => Math.floor((i * train.length) / steps);
	return order.slice(edge(step % steps), edge((step % steps) + 1));
}

/** Norm of the gradient; null where nothing was learned because the loss was skipped. */
async function learn<C extends OfflineConfig>(
	{ policy, config }: OfflineJob<C>,
	result: LossResult,
	lr: number
): Promise<number | null> {
	if (result.skip !== undefined) {
		policy.zeroGrad();
		return null;
	}
	const { clipNorm, weightDecay } = config;
	return (await policy.step({ lr: { trunk: lr }, clipNorm, weightDecay })).gradNorm;
}

/** After an epoch: the held-out rows, and completions of the policy as it is now. */
async function lookAround<C extends OfflineConfig, Row>(
	job: OfflineJob<C>,
	heldOut: readonly Row[],
	loop: JobFrame,
	method: OfflineMethod<Row>
): Promise<Record<string, number>> {
	await loop.phase('hold-out');
	const judged = heldOut.length > 0 ? await method.judge(heldOut) : {};
	await loop.phase('sample');
	return { ...judged, ...(await measureDrift(job, loop.signal)) };
}

async function check<C extends OfflineConfig, Row>(
	job: OfflineJob<C>,
	loop: JobFrame,
	step: number,
	result: LossResult,
	o: { after: Record<string, number>; referenceHash: string; method: OfflineMethod<Row> }
): Promise<InvariantCheck[]> {
	const { zeroAtStart } = o.method;
	const start = zeroAtStart === undefined ? undefined : result.metrics[zeroAtStart];
	const atStart =
		step === 0 && start !== undefined && !job.startsElsewhere
			? [startKlCheck(start, job.policy.backend)]
			: (loop.run.invariants?.filter((c) => c.key === 'kl-at-start') ?? []);
	return [
		referenceCheck(o.referenceHash, await weightsHash(job.reference)),
		finiteCheck([[result.loss], Object.values(result.metrics), Object.values(o.after)]),
		...atStart
	];
}

/** [B], ln of the probability of each whole completion. */
export async function completionLogProbs(
	model: LanguageModel,
	batch: Batch,
	config: Pick<OfflineConfig, 'temperature' | 'microTokens'>,
	signal: AbortSignal
): Promise<F> {
	const { logProb } = await model.score(batch, {
		temperature: config.temperature,
		microTokens: config.microTokens,
		want: ['logProb'],
		signal
	});
	return responseSums(batch, logProb);
}

/** Rows scored together before the first step: a fixed number, so that a resumed run sees the same numbers. */
const PREPARED_ROWS = 16;

/**
 * What the frozen reference says of each row, once for the whole run. `partsOf` gives a row's completions; the answer has one
 * number for each.
 */
export async function referenceLogProbs<Row>(
	rows: readonly Row[],
	batchOfRows: (rows: readonly Row[]) => Batch,
	score: (batch: Batch) => Promise<F>
): Promise<Map<Row, F>> {
	const known = new Map<Row, F>();
	for (let start = 0; start < rows.length; start += PREPARED_ROWS) {
		const part = rows.slice(start, start + PREPARED_ROWS);
		const sums = await score(batchOfRows(part));
		const each = sums.length / part.length;
		part.forEach((row, i) => known.set(row, sums.slice(i * each, (i + 1) * each)));
	}
	return known;
}
