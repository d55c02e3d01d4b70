/** Has the trainer write completions to be ranked, rated or rewritten, and puts them in an order drawn from a stored seed. */
import { areNearDuplicates } from '../core/feedback/near-duplicates';
import { nextPrompts } from '../core/prompts/next-prompts';
import { deriveSeed, Random } from '../core/random';
import type { SamplingConfig } from '../core/config';
import {
	RECORD_VERSION,
	type Completion,
	type CompletionSet,
	type PolicyRef,
	type SetKind
} from '../core/records';
import { newId } from '../storage/ids';
import type { Desk } from './desk';
import type { PromptsState } from './prompts.svelte';
import type { TrainerState } from './trainer.svelte';

export interface SetRequest {
	kind: SetKind;
	/** Sets wanted, and completions in each. */
	n: number;
	size: number;
	writer: PolicyRef;
	sampling: SamplingConfig;
	seed: number;
	/** Prompts in the order of asking, oldest first. */
	used: readonly string[];
}

export interface SetWriterDependencies {
	trainer: TrainerState;
	prompts: PromptsState;
	now: () => number;
}

/** Fewer completions than this are no ranking: that is what pairs are for. */
const LEAST_TO_RANK = 3;

export class SetWriter {
	readonly #dependencies: SetWriterDependencies;

	constructor(dependencies: SetWriterDependencies) {
		this.#dependencies = dependencies;
	}

	/** New sets, not stored yet. Completions that say the same are left out, and sets that become too small by that. */
	async write(desk: Desk, request: SetRequest): Promise<CompletionSet[]> {
		const { trainer, prompts, now } = this.#dependencies;
		const { kind, n, size, writer, sampling, seed } = request;
		const random = new Random(deriveSeed(seed, 'prompts'));
		const texts = nextPrompts(prompts.asked, request.used, n, () => random.next());
		const written = await trainer.call('sample', {
			writer,
			prompts: texts,
			perPrompt: size,
			sampling,
			seed,
			first: 0
		});
		const sets: CompletionSet[] = [];
		for (const [index, text] of texts.entries()) {
			const completions = distinct(written.slice(index * size, (index + 1) * size));
			if (completions.length < (kind === 'ranking' ? LEAST_TO_RANK : 1)) {
				continue;
			}
			const prompt = await prompts.keep(desk.db, desk.study.id, text);
			const orderSeed = deriveSeed(seed, `order ${index}`);
			sets.push({
				id: newId(),
				studyId: desk.study.id,
				version: RECORD_VERSION,
				createdAt: now(),
				kind,
				promptId: prompt.id,
				prompt: text,
				completions,
				order: new Random(orderSeed).shuffle(completions.map((_, i) => i)),
				orderSeed
			});
		}
		return sets;
	}
}

/** Without empty ones, and without those that nearly repeat one before. */
function distinct(completions: readonly Completion[]): Completion[] {
	const kept: Completion[] = [];
	for (const completion of completions) {
		const isNew = kept.every((other) => !areNearDuplicates(other.text, completion.text));
		if (completion.text.trim() !== '' && isNew) {
			kept.push(completion);
		}
	}
	return kept;
}
