/** Who is answering: the study's profiles, and the one that is chosen now. */
import type { AnswerContext } from '../core/feedback/comparison';
import type { Annotator, AnnotatorProfile, AnswerEvent } from '../core/records';
import {
	addAnnotator,
	ensureAnnotator,
	listAnnotators,
	renameAnnotator
} from '../storage/annotators';
import type { Desk, OpenDesk } from './desk';
import type { Preferences } from './preferences.svelte';

export interface AnnotatorDependencies {
	openDesk: OpenDesk;
	preferences: Preferences;
	/** Name of a study's first profile. */
	firstName: string;
}

/** What every answer of the chosen person says about who gave it. */
export type HumanContext = Pick<AnswerContext, 'annotator' | 'source' | 'blind'>;

export class AnnotatorsState {
	readonly #dependencies: AnnotatorDependencies;
	#profiles = $state.raw<readonly AnnotatorProfile[]>([]);

	constructor(dependencies: AnnotatorDependencies) {
		this.#dependencies = dependencies;
	}

	/** Of the open study, in the order of adding. */
	get profiles(): readonly AnnotatorProfile[] {
		return this.#profiles;
	}

	/** The chosen one, or the first; null until a study is open. */
	get current(): AnnotatorProfile | null {
		const { annotatorId } = this.#dependencies.preferences.values;
		return this.#profiles.find(({ id }) => id === annotatorId) ?? this.#profiles[0] ?? null;
	}

	get context(): HumanContext {
		const { current } = this;
		const annotator: Annotator = {
			kind: 'human',
			name: current?.name ?? '',
			...(current && { id: current.id })
		};
		return { annotator, source: 'human', blind: true };
	}

	/** Reads a study's profiles; a study without any gets its first. */
	async openStudy({ db, study }: Desk): Promise<void> {
		await ensureAnnotator(db, study.id, this.#dependencies.firstName);
		this.#profiles = await listAnnotators(db, study.id);
	}

	choose(id: string): void {
		this.#dependencies.preferences.set({ annotatorId: id });
	}

	/** Adds a person and lets them answer from now on. */
	async add(name: string): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		const profile = await addAnnotator(db, study.id, name);
		this.#profiles = [...this.#profiles, profile];
		this.choose(profile.id);
	}

	async rename(id: string, name: string): Promise<void> {
		const { db } = await this.#dependencies.openDesk();
		const renamed = await renameAnnotator(db, id, name);
		this.#profiles = this.#profiles.map((profile) => (profile.id === id ? renamed : profile));
	}

	/** Names whoever gave an answer, the same for all answers of one person. Simulated ones are told apart by rule or settings. */
	keyOf({ annotator }: Pick<AnswerEvent, 'annotator'>): string {
		if (annotator.kind === 'simulated') {
			return `simulated ${annotator.id ?? annotator.name}`;
		}
		return annotator.id ?? this.#profiles.find(({ isFirst }) => isFirst)?.id ?? '';
	}

	/** What the chosen person may undo: their own answers, and those they had a simulated annotator give. */
	isOwn(event: AnswerEvent): boolean {
		if (event.imported) {
			return false;
		}
		return event.source === 'simulated' || this.keyOf(event) === (this.current?.id ?? '');
	}
}
