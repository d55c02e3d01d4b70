/** Has the trainer write pairs of completions, and puts each on sides drawn from a stored seed. */
import { deriveSeed, Random, uniform } from '../core/random';
import type { SamplingConfig } from '../core/config';
import {
	RECORD_VERSION,
	type Completion,
	type PolicyRef,
	type Presentation
} from '../core/records';
import { newId } from '../storage/ids';
import type { Desk } from './desk';
import { nextPrompts } from './comparison-queue';
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
	/** How often each prompt has been used. */
	used: ReadonlyMap<string, number>;
}

export interface PairWriterDependencies {
	trainer: TrainerState;
	prompts: PromptsState;
	now: () => number;
}

function isSameWriter(one: PolicyRef, other: PolicyRef): boolean {
	return one.model === other.model && one.policyId === other.policyId;
}

export class PairWriter {
	readonly #dependencies: PairWriterDependencies;

	constructor(dependencies: PairWriterDependencies) {
		this.#dependencies = dependencies;
	}

	/** New presentations, not stored yet; pairs of equal or empty texts are left out. */
	async write(desk: Desk, request: PairRequest, signal?: AbortSignal): Promise<Presentation[]> {
		const { prompts } = this.#dependencies;
		const random = new Random(deriveSeed(request.seed, 'prompts'));
		const texts = nextPrompts(prompts.texts, request.used, request.n, () => random.next());
		const pairs = await this.#sample(texts, request, signal);
		const kept = pairs.filter(({ a, b }) => a.text.trim() !== b.text.trim() && a.ids.length > 0);
		const made: Presentation[] = [];
		for (const { text, a, b, index } of kept) {
			const prompt = await prompts.keep(desk.db, desk.study.id, text);
			const sideSeed = deriveSeed(request.seed, `side ${index}`);
			made.push({
				id: newId(),
				studyId: desk.study.id,
				version: RECORD_VERSION,
				createdAt: this.#dependencies.now(),
				promptId: prompt.id,
				prompt: text,
				a,
				b,
				aSide: uniform(sideSeed, 0, 0) < 0.5 ? 'left' : 'right',
				sideSeed,
				purpose: request.purpose,
				...(request.evaluationId && { evaluationId: request.evaluationId })
			});
		}
		return made;
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
