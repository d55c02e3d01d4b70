/** Has the trainer write pairs of completions, and puts each on sides drawn from a stored seed. */
import { areNearDuplicates } from '../core/feedback/near-duplicates';
import { nextPrompts } from '../core/prompts/next-prompts';
import { deriveSeed, Random, uniform } from '../core/random';
import type { SamplingConfig } from '../core/config';
import {
	RECORD_VERSION,
	type Completion,
	type PolicyRef,
	type Presentation,
	type Selection
} from '../core/records';
import { newId } from '../storage/ids';
import type { Desk } from './desk';
import type { PromptsState } from './prompts.svelte';
import type { TrainerState } from './trainer.svelte';

export interface PairRequest {
	n: number;
	/** Who writes a and who writes b; the same writer twice for feedback. */
	writers: readonly [PolicyRef, PolicyRef];
	sampling: SamplingConfig;
	purpose: Presentation['purpose'];
	evaluationId?: string;
	seed: number;
	/** Prompts in the order of asking, oldest first. */
	used: readonly string[];
}

/** Completions of one prompt, written together. */
export interface WrittenGroup {
	prompt: string;
	promptId: string;
	completions: readonly Completion[];
}

/** What makes a presentation of two completions, beside ids and times. */
export type Question = Pick<
	Presentation,
	'promptId' | 'prompt' | 'a' | 'b' | 'sideSeed' | 'purpose'
> &
	Partial<
		Pick<Presentation, 'aSide' | 'evaluationId' | 'selection' | 'repeatOf' | 'repeatSwapped'>
	>;

export interface PairWriterDependencies {
	trainer: TrainerState;
	prompts: PromptsState;
	now: () => number;
}

/** A pair drawn by itself, from all that the model could have written. */
const DRAWN_ALONE: Selection = {
	policy: 'random',
	propensity: 1,
	poolSize: 1,
	why: { kind: 'random', outOf: 1 }
};

function isSameWriter(one: PolicyRef, other: PolicyRef): boolean {
	return one.model === other.model && one.policyId === other.policyId;
}

export class PairWriter {
	readonly #dependencies: PairWriterDependencies;

	constructor(dependencies: PairWriterDependencies) {
		this.#dependencies = dependencies;
	}

	/**
	 * New presentations, not stored yet. Pairs of equal or empty texts are left out; of feedback also nearly equal ones, which
	 * teach nothing (in an evaluation they are what happened, and leaving them out would favour one side).
	 */
	async write(desk: Desk, request: PairRequest, signal?: AbortSignal): Promise<Presentation[]> {
		const { prompts } = this.#dependencies;
		const texts = this.#drawPrompts(request);
		const pairs = await this.#sample(texts, request, signal);
		const isFeedback = request.purpose === 'feedback';
		const isSame = (x: string, y: string) =>
			isFeedback ? areNearDuplicates(x, y) : x.trim() === y.trim();
		const kept = pairs.filter(({ a, b }) => a.ids.length > 0 && !isSame(a.text, b.text));
		const made: Presentation[] = [];
		for (const { text, a, b, index } of kept) {
			const prompt = await prompts.keep(desk.db, desk.study.id, text);
			made.push(
				this.present(desk, {
					promptId: prompt.id,
					prompt: text,
					a,
					b,
					sideSeed: deriveSeed(request.seed, `side ${index}`),
					purpose: request.purpose,
					...(isFeedback && { selection: DRAWN_ALONE }),
					...(request.evaluationId && { evaluationId: request.evaluationId })
				})
			);
		}
		return made;
	}

	/** Several completions each of n prompts, to choose pairs from. */
	async writeGroups(
		desk: Desk,
		request: Omit<PairRequest, 'purpose'>,
		size: number
	): Promise<WrittenGroup[]> {
		const { trainer, prompts } = this.#dependencies;
		const { writers, sampling, seed } = request;
		const texts = this.#drawPrompts(request);
		const written = await trainer.call('sample', {
			writer: writers[0],
			prompts: texts,
			perPrompt: size,
			sampling,
			seed,
			first: 0
		});
		const groups: WrittenGroup[] = [];
		for (const [i, text] of texts.entries()) {
			const { id } = await prompts.keep(desk.db, desk.study.id, text);
			const completions = written
				.slice(i * size, (i + 1) * size)
				.filter(({ ids }) => ids.length > 0);
			groups.push({ prompt: text, promptId: id, completions });
		}
		return groups;
	}

	/** A presentation of a question; without a side given, the coin of its seed decides. */
	present(desk: Desk, question: Question): Presentation {
		return {
			id: newId(),
			studyId: desk.study.id,
			version: RECORD_VERSION,
			createdAt: this.#dependencies.now(),
			aSide: uniform(question.sideSeed, 0, 0) < 0.5 ? 'left' : 'right',
			...question
		};
	}

	#drawPrompts({ n, used, seed }: Pick<PairRequest, 'n' | 'used' | 'seed'>): string[] {
		const random = new Random(deriveSeed(seed, 'prompts'));
		return nextPrompts(this.#dependencies.prompts.asked, used, n, () => random.next());
	}

	async #sample(
		texts: readonly string[],
		{ writers: [writerA, writerB], sampling, seed }: PairRequest,
		signal?: AbortSignal
	): Promise<{ text: string; a: Completion; b: Completion; index: number }[]> {
		const { trainer } = this.#dependencies;
		const shared = { prompts: [...texts], sampling, seed, first: 0 };
		const isOne = isSameWriter(writerA, writerB);
		const first = await trainer.call(
			'sample',
			{ ...shared, writer: writerA, perPrompt: isOne ? 2 : 1 },
			signal
		);
		const second = isOne
			? []
			: await trainer.call(
					'sample',
					// Rows of its own: the two writers never share a draw.
					{ ...shared, writer: writerB, perPrompt: 1, first: texts.length },
					signal
				);
		return texts.flatMap((text, index) => {
			const a = isOne ? first[2 * index] : first[index];
			const b = isOne ? first[2 * index + 1] : second[index];
			return a && b ? [{ text, a, b, index }] : [];
		});
	}
}
