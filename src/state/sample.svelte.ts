import { DEFAULT_SAMPLING, type SamplingConfig } from '../core/config';
import type { Completion, PolicyRef } from '../core/records';
import { toStudioError } from '../protocol/errors';
import type { Problems } from './problems.svelte';
import { MAX_PROMPT_CHARACTERS } from './prompts.svelte';
import type { TrainerState } from './trainer.svelte';

export interface SampleDependencies {
	trainer: TrainerState;
	problems: Problems;
	randomSeed: () => number;
	/** A prompt was used: typed ones are kept with the study. */
	onPrompt: (text: string) => Promise<void>;
}

/** Letting the model write: a prompt, how to sample, and what came of it. */
export class SampleState {
	readonly #dependencies: SampleDependencies;
	#prompt = $state('');
	#count = $state(4);
	#policyId = $state<string | null>(null);
	#sampling = $state.raw<SamplingConfig>(DEFAULT_SAMPLING);
	#written = $state.raw<{ prompt: string; completions: readonly Completion[] } | null>(null);
	#controller = $state.raw<AbortController | null>(null);

	constructor(dependencies: SampleDependencies) {
		this.#dependencies = dependencies;
	}

	get prompt(): string {
		return this.#prompt;
	}

	get count(): number {
		return this.#count;
	}

	get policyId(): string | null {
		return this.#policyId;
	}

	/** Also what pairs for comparison are sampled with. */
	get sampling(): SamplingConfig {
		return this.#sampling;
	}

	get written(): { prompt: string; completions: readonly Completion[] } | null {
		return this.#written;
	}

	get isWriting(): boolean {
		return this.#controller !== null;
	}

	setPrompt(text: string): void {
		this.#prompt = text.slice(0, MAX_PROMPT_CHARACTERS);
	}

	setCount(count: number): void {
		this.#count = count;
	}

	setWriter(policyId: string | null): void {
		this.#policyId = policyId;
	}

	setSampling(changes: Partial<SamplingConfig>): void {
		this.#sampling = { ...this.#sampling, ...changes };
	}

	clear(): void {
		this.stop();
		this.#written = null;
		this.#policyId = null;
	}

	async write(): Promise<void> {
		// Trailing space would be a token of its own that the model rarely saw.
		const prompt = this.#prompt.trim();
		if (this.#controller || prompt === '') {
			return;
		}
		const { trainer, problems, randomSeed, onPrompt } = this.#dependencies;
		const controller = new AbortController();
		this.#controller = controller;
		try {
			const { model } = await trainer.ready();
			const writer: PolicyRef = { model, policyId: this.#policyId };
			const completions = await trainer.call(
				'sample',
				{
					writer,
					prompts: [prompt],
					perPrompt: this.#count,
					sampling: this.#sampling,
					seed: randomSeed(),
					first: 0
				},
				controller.signal
			);
			this.#written = { prompt, completions };
			await onPrompt(prompt);
		} catch (cause) {
			// A model that does not load has reported itself.
			if (trainer.status !== 'failed') {
				problems.report(toStudioError(cause), () => void this.write());
			}
		} finally {
			this.#controller = null;
		}
	}

	stop(): void {
		this.#controller?.abort();
	}
}
