/** A stored run and what there is to learn from as arguments of the worker's commands: the one place that knows each method's. */
import type { TuneConfigs, TuneMethod } from '../core/config';
import type { Run } from '../core/records';
import type { EstimateArgs, TuneArgs } from '../protocol/trainer';
import type { TuneMaterial } from './tune-material';

interface Given {
	prompts: string[];
	fixedPrompts: string[];
	resume: boolean;
	material: TuneMaterial;
}

/** The run's kind is the method of its config: both were stored together. */
export function tuneArgs(
	method: TuneMethod,
	run: Run,
	{ prompts, fixedPrompts, resume, material }: Given
): TuneArgs {
	const common = {
		runId: run.id,
		studyId: run.studyId,
		name: run.name,
		model: run.model,
		prompts,
		fixedPrompts,
		seed: run.seed,
		resume,
		startPaused: false,
		...(run.start && { start: run.start }),
		...(run.reference && { reference: run.reference }),
		...(run.rewardRule && { rewardRule: run.rewardRule }),
		...(run.gold && { gold: run.gold })
	};
	const { rewardModelId, datasetHash = '' } = run.parents;
	const config = <M extends TuneMethod>(_: M) => run.config as TuneConfigs[M];
	const online = { ...common, rewardModelId: rewardModelId ?? '' };
	const offline = {
		...common,
		datasetHash,
		...(rewardModelId !== undefined && { rewardModelId })
	};
	const pairs = [...material.pairs];
	switch (method) {
		case 'ppo':
			return { ...online, method, config: config(method) };
		case 'rloo':
			return { ...online, method, config: config(method) };
		case 'grpo':
			return { ...online, method, config: config(method) };
		case 'reinforce':
			return { ...online, method, config: config(method) };
		case 'online-dpo':
			return { ...online, method, config: config(method) };
		case 'best-of-n':
			return { ...online, method, config: config(method) };
		case 'dpo':
			return { ...offline, method, config: config(method), pairs };
		case 'ipo':
			return { ...offline, method, config: config(method), pairs };
		case 'simpo':
			return { ...offline, method, config: config(method), pairs };
		case 'orpo':
			return { ...offline, method, config: config(method), pairs };
		case 'kto':
			return { ...offline, method, config: config(method), rows: [...material.labels] };
		case 'sft':
			return { ...offline, method, config: config(method), texts: [...material.texts] };
	}
}

/** Rows that a method which learns from answers goes through. */
function rowCount(method: TuneMethod, { pairs, labels, texts }: TuneMaterial): number {
	return method === 'kto' ? labels.length : method === 'sft' ? texts.length : pairs.length;
}

export function estimateArgs(
	method: TuneMethod,
	configs: TuneConfigs,
	{ model, prompts, material }: { model: string; prompts: string[]; material: TuneMaterial }
): EstimateArgs {
	const common = { model, prompts };
	const rows = rowCount(method, material);
	switch (method) {
		case 'ppo':
			return { ...common, method, config: configs[method] };
		case 'rloo':
			return { ...common, method, config: configs[method] };
		case 'grpo':
			return { ...common, method, config: configs[method] };
		case 'reinforce':
			return { ...common, method, config: configs[method] };
		case 'online-dpo':
			return { ...common, method, config: configs[method] };
		case 'best-of-n':
			return { ...common, method, config: configs[method] };
		case 'dpo':
			return { ...common, method, config: configs[method], rows };
		case 'ipo':
			return { ...common, method, config: configs[method], rows };
		case 'simpo':
			return { ...common, method, config: configs[method], rows };
		case 'orpo':
			return { ...common, method, config: configs[method], rows };
		case 'kto':
			return { ...common, method, config: configs[method], rows };
		case 'sft':
			return { ...common, method, config: configs[method], rows };
	}
}

/** Steps of a run as far as the page can tell; the worker, which splits the rows, knows better. */
export function plannedSteps(
	method: TuneMethod,
	config: TuneConfigs[TuneMethod],
	material: TuneMaterial
): number {
	if ('iterations' in config) {
		return config.iterations;
	}
	if ('batchPrompts' in config) {
		return Math.ceil(config.prompts / config.batchPrompts);
	}
	const learned = rowCount(method, material) * (1 - config.heldOut);
	return config.epochs * Math.max(1, Math.ceil(learned / config.batchRows));
}
