/**
 * Which pairs are put before a person next. At first all are drawn at random; once something is known of the person's taste, a
 * seeded mixture of policies chooses from a pool (core/feedback/selection.ts), and where several people answer, some pairs of
 * one are shown to another. What is predicted of a pair is sealed into it before anyone sees it.
 */
import type { PlannedChoice, PlannedQueue } from '../core/feedback/plan-queue';
import { mixtureOf, type AskedPair, type Asking, type Candidate } from '../core/feedback/selection';
import { deriveSeed, hashText, Random } from '../core/random';
import type { SamplingConfig } from '../core/config';
import type { F } from '../core/methods/loss';
import type {
	AnswerEvent,
	Completion,
	PolicyRef,
	Predictor,
	Presentation,
	RewardModelRecord
} from '../core/records';
import type { Desk } from './desk';
import type { PairWriter, WrittenGroup } from './pair-writer';
import {
	labelledPairs,
	type LabelledPair,
	type LabelledRows,
	type RewardFeatures
} from './reward-features';
import { sealByModel, withSeal } from './seals';
import type { TrainerState } from './trainer.svelte';

/** Answers that name a side before a policy may choose: until then there is nothing to choose by. */
export const CHOOSE_FROM = 12;
/** Completions of a prompt written together: three pairs, which can close a triangle. */
const GROUP_SIZE = 3;
/** Candidates in the pool for each pair that is to be chosen. */
const CANDIDATES_PER_PAIR = 4;
/** Groups kept for later choices; older ones are dropped. */
const MOST_GROUPS = 40;
/** Texts that may be read before choosing; with more to read (after a reload) the pairs are drawn at random meanwhile. */
const MOST_UNREAD = 48;
/** Rounds of writing before the policies make do with what there is. */
const MOST_ROUNDS = 3;
/** The prior is chosen anew when there are so many times more answers than when it was chosen. */
const PRIOR_GROWTH = 1.5;
/** Share of pairs that another person answered, where there are such. */
const SECOND_OPINION_SHARE = 0.2;

export interface PlannerDependencies {
	trainer: TrainerState;
	writer: PairWriter;
	features: RewardFeatures;
	randomSeed: () => number;
	/** The engine is busy with a job: reading texts would slow it down. */
	isBusy: () => boolean;
	/** Answers of simulated annotators count as this person's taste too. */
	includeSimulated: () => boolean;
	/** By what pairs are chosen. */
	asking: () => Asking;
	/** Names whoever gave an answer. */
	keyOf: (answer: AnswerEvent) => string;
	/** Name of who is answering now. */
	current: () => string;
	/** The trained reward model whose predictions are sealed; null: those of the head that chooses. */
	rewardModel: () => RewardModelRecord | null;
}

export interface PlanRequest {
	n: number;
	policy: PolicyRef;
	sampling: SamplingConfig;
	/** Prompts in the order of asking, oldest first. */
	used: () => readonly string[];
	/** All pairs of this purpose, in the order of asking, and their current answers. */
	presentations: readonly Presentation[];
	answers: ReadonlyMap<string, AnswerEvent>;
}

interface PooledPair {
	candidate: Omit<Candidate, 'difference'>;
	difference: F | null;
	prompt: string;
	a: Completion;
	b: Completion;
}

export class QuestionPlanner {
	readonly #dependencies: PlannerDependencies;
	/** Of the open study, by candidate. */
	#pool = new Map<string, PooledPair>();
	#groups: string[] = [];
	/** Whose completions the pool holds. */
	#model: string | null = null;
	#prior: { precision: number; answers: number } | null = null;
	#asking: Asking;

	constructor(dependencies: PlannerDependencies) {
		this.#dependencies = dependencies;
		this.#asking = dependencies.asking();
	}

	/** Forgets what belonged to another study. */
	clear(): void {
		this.#pool.clear();
		this.#groups = [];
		this.#prior = null;
		this.#dependencies.features.clear();
	}

	/** The next n presentations, not stored yet; fewer where the model repeats itself. */
	async plan(desk: Desk, request: PlanRequest): Promise<Presentation[]> {
		const { trainer, includeSimulated, rewardModel, asking } = this.#dependencies;
		if (asking() !== this.#asking) {
			// What one policy has left over would be no random sample for another.
			this.#asking = asking();
			this.clear();
		}
		const labelled = labelledPairs(request.presentations, request.answers, includeSimulated());
		const known = await this.#read(request, labelled);
		const made = known ? await this.#choose(desk, request, known) : await this.#draw(desk, request);
		const model = rewardModel();
		return model && made.length > 0 ? sealByModel(trainer, model, made) : made;
	}

	async #draw(desk: Desk, request: PlanRequest): Promise<Presentation[]> {
		const { writer, randomSeed } = this.#dependencies;
		const { n, policy, sampling, used } = request;
		return writer.write(desk, {
			n,
			writers: [policy, policy],
			sampling,
			purpose: 'feedback',
			seed: randomSeed(),
			used: used()
		});
	}

	/** null while too little is known, or reading what is known would keep a person waiting. */
	async #read(
		{ policy }: PlanRequest,
		labelled: readonly LabelledPair[]
	): Promise<LabelledRows | null> {
		const { features, isBusy } = this.#dependencies;
		const decided = labelled.filter(({ y }) => y !== 0.5).length;
		if (decided < CHOOSE_FROM || isBusy()) {
			return null;
		}
		const texts = labelled.flatMap(({ a, b }) => [a, b]);
		const isMuch = features.unread(policy.model, texts).length > MOST_UNREAD;
		const reading = features.read(policy.model, texts);
		if (isMuch) {
			// For the next time; a problem of the engine shows when pairs are written.
			reading.catch(() => undefined);
			return null;
		}
		await reading;
		return features.rows(labelled);
	}

	async #choose(desk: Desk, request: PlanRequest, known: LabelledRows): Promise<Presentation[]> {
		const seed = hashText(desk.study.id);
		if (this.#model !== request.policy.model) {
			this.#pool.clear();
			this.#groups = [];
			this.#model = request.policy.model;
		}
		const made: Presentation[] = [];
		for (let round = 1; round <= MOST_ROUNDS && made.length < request.n; round++) {
			const missing = request.n - made.length;
			if (round > 1 || this.#pool.size < CANDIDATES_PER_PAIR * missing) {
				await this.#writeGroups(
					desk,
					request,
					Math.ceil((CANDIDATES_PER_PAIR * missing) / GROUP_SIZE)
				);
			}
			const asked = [...request.presentations, ...made];
			const queue = await this.#ask(seed, asked, request.answers, known, {
				n: missing,
				isPoolFinal: round === MOST_ROUNDS
			});
			const predictor: Predictor = { kind: 'posterior', answers: queue.answers };
			const second = this.#secondOpinions(asked, request.answers);
			for (const choice of queue.choices) {
				const step = asked.length;
				const random = new Random(deriveSeed(seed, `second opinion ${step}`));
				const share = second.length > 0 ? SECOND_OPINION_SHARE : 0;
				const other = random.next() < share ? second.splice(random.int(second.length), 1)[0] : null;
				const pair = other
					? this.#again(desk, other, share, second.length + 1, step)
					: this.#present(desk, choice, asked, 1 - share);
				const isPredicted = !other && choice.pA !== null;
				const sealed = isPredicted ? withSeal(pair, choice.pA ?? NaN, predictor) : pair;
				made.push(sealed);
				asked.push(sealed);
			}
		}
		return made;
	}

	/** Has the worker choose, with the prior of before while not much has been added to what it rests on. */
	async #ask(
		seed: number,
		shown: readonly Presentation[],
		answers: ReadonlyMap<string, AnswerEvent>,
		known: LabelledRows,
		{ n, isPoolFinal }: { n: number; isPoolFinal: boolean }
	): Promise<PlannedQueue> {
		const pooled = [...this.#pool.values()].filter(({ difference }) => difference !== null);
		const differences = new Float64Array(pooled.length * known.dimension);
		pooled.forEach(({ difference }, i) => differences.set(difference ?? [], i * known.dimension));
		const count = known.y.length;
		const isFresh = this.#prior && count <= PRIOR_GROWTH * this.#prior.answers;
		const queue = await this.#dependencies.trainer.call('planQueue', {
			...known,
			precision: isFresh ? (this.#prior?.precision ?? null) : null,
			pool: pooled.map(({ candidate }) => candidate),
			differences,
			asked: this.#asked(shown, answers),
			mixture: mixtureOf(this.#asking),
			seed,
			step: shown.length,
			isPoolFinal,
			n
		});
		this.#prior = isFresh ? this.#prior : { precision: queue.precision, answers: count };
		return queue;
	}

	async #writeGroups(desk: Desk, request: PlanRequest, n: number): Promise<void> {
		const { writer, features, randomSeed } = this.#dependencies;
		const { policy, sampling, used } = request;
		const seed = randomSeed();
		const groups = await writer.writeGroups(
			desk,
			{ n, writers: [policy, policy], sampling, seed, used: [...used(), ...this.#pooledPrompts()] },
			GROUP_SIZE
		);
		await features.read(
			policy.model,
			groups.flatMap(({ completions }) => completions)
		);
		groups.forEach((group, i) => this.#addGroup(group, `${seed} ${i}`));
	}

	/** Prompts that completions wait for in the pool: others have their turn first. */
	#pooledPrompts(): string[] {
		const byGroup = new Map<string, string>();
		for (const { candidate, prompt } of this.#pool.values()) {
			byGroup.set(candidate.groupId ?? candidate.id, prompt);
		}
		return [...byGroup.values()];
	}

	#addGroup({ prompt, promptId, completions }: WrittenGroup, groupId: string): void {
		completions.forEach((b, j) => {
			for (const a of completions.slice(0, j)) {
				const id = `${a.id} ${b.id}`;
				const candidate = {
					id,
					groupId,
					promptId,
					aId: a.id,
					bId: b.id,
					aText: a.text,
					bText: b.text
				};
				const difference = this.#dependencies.features.difference(a, b);
				this.#pool.set(id, { candidate, difference, prompt, a, b });
			}
		});
		this.#groups.push(groupId);
		const dropped = new Set(this.#groups.splice(0, this.#groups.length - MOST_GROUPS));
		for (const [id, { candidate }] of this.#pool) {
			if (candidate.groupId && dropped.has(candidate.groupId)) {
				this.#pool.delete(id);
			}
		}
	}

	/** Only a person's own answers are worth repeating to that person; the others merely were asked. */
	#asked(
		presentations: readonly Presentation[],
		answers: ReadonlyMap<string, AnswerEvent>
	): AskedPair[] {
		return presentations.map((pair) => {
			const answer = answers.get(pair.id);
			const isOwn = answer?.source === 'human' && this.#isCurrent(answer);
			return {
				id: pair.id,
				promptId: pair.promptId,
				aId: pair.a.id,
				bId: pair.b.id,
				aText: pair.a.text,
				bText: pair.b.text,
				outcome: isOwn ? (answer.outcome ?? null) : null,
				aSide: pair.aSide,
				...(pair.repeatOf !== undefined && { repeatOf: pair.repeatOf })
			};
		});
	}

	#isCurrent(answer: AnswerEvent): boolean {
		const { keyOf, current } = this.#dependencies;
		return keyOf(answer) === current();
	}

	/** Pairs that other people answered and this one has not seen. */
	#secondOpinions(
		presentations: readonly Presentation[],
		answers: ReadonlyMap<string, AnswerEvent>
	): Presentation[] {
		const rootOf = (pair: Presentation) => pair.repeatOf ?? pair.id;
		const seen = new Set<string>();
		const byOthers = new Map<string, Presentation>();
		for (const pair of presentations) {
			const answer = answers.get(pair.id);
			if (!answer || this.#isCurrent(answer)) {
				seen.add(rootOf(pair));
			} else if (answer.source === 'human' && answer.outcome !== 'skip' && !pair.repeatOf) {
				byOthers.set(pair.id, pair);
			}
		}
		return [...byOthers.values()].filter(({ id }) => !seen.has(id));
	}

	#again(
		desk: Desk,
		pair: Presentation,
		share: number,
		poolSize: number,
		step: number
	): Presentation {
		const { promptId, prompt, a, b } = pair;
		const sideSeed = deriveSeed(hashText(desk.study.id), `side ${step}`);
		const question = this.#dependencies.writer.present(desk, {
			...{ promptId, prompt, a, b, sideSeed },
			purpose: 'feedback',
			repeatOf: pair.id,
			selection: {
				policy: 'second-opinion',
				propensity: share / poolSize,
				poolSize,
				why: { kind: 'second-opinion', answeredBy: 1 }
			}
		});
		return { ...question, repeatSwapped: question.aSide !== pair.aSide };
	}

	#present(
		desk: Desk,
		{ candidateId, repeatsId, aSide, propensity, reason }: PlannedChoice,
		shown: readonly Presentation[],
		share: number
	): Presentation {
		const sideSeed = deriveSeed(hashText(desk.study.id), `side ${shown.length}`);
		const selection = {
			policy: reason.kind,
			propensity: share * propensity,
			poolSize: this.#pool.size,
			why: reason
		};
		const pooled = candidateId === null ? undefined : this.#pool.get(candidateId);
		const before = shown.find(({ id }) => id === repeatsId);
		const { promptId } = pooled?.candidate ?? before ?? {};
		const source = pooled ?? before;
		if (!source || promptId === undefined) {
			throw new Error(`nothing known of ${candidateId ?? repeatsId}`);
		}
		this.#pool.delete(candidateId ?? '');
		const { prompt, a, b } = source;
		return this.#dependencies.writer.present(desk, {
			...{ promptId, prompt, a, b, sideSeed, selection },
			...(aSide && { aSide }),
			purpose: 'feedback',
			...(before && { repeatOf: before.id, repeatSwapped: true })
		});
	}
}
