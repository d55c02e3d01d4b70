/**
 * The address as the experiment: it follows the settings of the open view, and a link that was opened is offered before it
 * replaces anything. What this page wrote itself is known by the entry's state in the history, so that a reload brings one's
 * own settings back without a question.
 */
import {
	readLink,
	settingsOf,
	viewOf,
	writeLink,
	type Experiment,
	type LinkProblem,
	type LinkView
} from '../core/link';
import type { OpenDesk } from './desk';
import type { RewardState } from './reward.svelte';
import type { Route } from './route.svelte';
import type { TuneState } from './tune.svelte';

/** Sliders send many changes a second; browsers allow few changes of the address. */
const WRITE_AFTER_MS = 300;

type Value = number | boolean | string;

export interface LinkDifference {
	key: string;
	label: string;
	/** undefined where the method on the desk has no such setting. */
	mine: Value | undefined;
	theirs: Value;
}

export interface LinkOffer {
	experiment: Experiment;
	problems: LinkProblem[];
	/** Settings that would change; the method stands in `mine` and `experiment`. */
	differences: LinkDifference[];
	mine: Experiment;
}

export interface LinkDependencies {
	route: Route;
	reward: RewardState;
	tune: TuneState;
	openDesk: OpenDesk;
	/** A link was opened that changes nothing. */
	onSame: () => void;
}

const isLinkView = (view: string): view is LinkView => view === 'tune' || view === 'reward';

const fieldsOf = (config: object): ReadonlyMap<string, Value> =>
	new Map(Object.entries(config as Record<string, Value>)); // configs hold nothing else

export class ExperimentLink {
	readonly #dependencies: LinkDependencies;
	#offer = $state.raw<LinkOffer | null>(null);

	constructor(dependencies: LinkDependencies) {
		this.#dependencies = dependencies;
	}

	/** A link that waits for a yes or no. */
	get offer(): LinkOffer | null {
		return this.#offer;
	}

	/** A run is going with the settings that the link would change. */
	get isLocked(): boolean {
		const { tune, reward } = this.#dependencies;
		const view = this.#offer && viewOf(this.#offer.experiment.kind);
		return view === 'tune' ? tune.job.isActive : reward.job.isActive;
	}

	/** What stands on the desk, with the seed of the next run. */
	current(view: LinkView): Experiment {
		const { tune, reward } = this.#dependencies;
		return view === 'tune'
			? { kind: tune.method, config: tune.config, seed: tune.seed }
			: { kind: 'reward', config: reward.config, seed: reward.seed };
	}

	/** The whole address of what stands on the desk, or of another experiment: the same settings and the same seed. */
	address(experiment: Experiment): string {
		const { origin, pathname } = location;
		return `${origin}${pathname}#/${viewOf(experiment.kind)}?${writeLink(experiment)}`;
	}

	/** Follows the address and the settings; returns the function that stops it. Call it in an effect. */
	follow(): () => void {
		return $effect.root(() => {
			$effect(() => {
				const { view, query } = this.#dependencies.route;
				if (isLinkView(view) && query !== '') {
					void this.#read(view, query);
				}
			});
			$effect(() => {
				const { view, part, query } = this.#dependencies.route;
				if (!isLinkView(view) || part !== '' || query !== '' || this.#offer) {
					return;
				}
				const { kind, config } = this.current(view);
				const written = writeLink({ kind, config });
				const timer = setTimeout(() => write(view, written), WRITE_AFTER_MS);
				return () => clearTimeout(timer);
			});
		});
	}

	accept(): void {
		if (this.#offer && !this.isLocked) {
			this.#apply(this.#offer.experiment);
			this.decline();
		}
	}

	decline(): void {
		this.#offer = null;
		this.#dependencies.route.forgetQuery();
	}

	async #read(view: LinkView, query: string): Promise<void> {
		const { openDesk, route, onSame } = this.#dependencies;
		const isOwn = isOwnEntry(history.state);
		// The study's own settings come first; without a database the link is read all the same.
		await openDesk().catch(() => undefined);
		if (route.query !== query) {
			return;
		}
		const { experiment, problems } = readLink(view, query);
		const mine = this.current(view);
		const differences = differencesOf(mine, experiment);
		const isSame = differences.length === 0 && mine.kind === experiment.kind;
		if (isOwn || (isSame && problems.length === 0)) {
			this.#apply(experiment);
			this.decline();
			if (!isOwn) {
				onSame();
			}
			return;
		}
		this.#offer = { experiment, problems, differences, mine };
	}

	#apply({ kind, config, seed }: Experiment): void {
		const { tune, reward } = this.#dependencies;
		const target = kind === 'reward' ? reward : tune;
		if (kind !== 'reward') {
			tune.choose(kind);
		}
		target.setConfig(config);
		if (seed !== undefined) {
			target.setSeed(seed);
		}
	}
}

function differencesOf(mine: Experiment, theirs: Experiment): LinkDifference[] {
	const before = fieldsOf(mine.config);
	const after = fieldsOf(theirs.config);
	const settings = [...settingsOf(theirs.kind)].flatMap(([key, { label }]): LinkDifference[] => {
		const [was, becomes] = [before.get(key), after.get(key)];
		return becomes === undefined || was === becomes
			? []
			: [{ key, label, mine: was, theirs: becomes }];
	});
	return theirs.seed === undefined || theirs.seed === mine.seed
		? settings
		: [...settings, { key: 'seed', label: 'seed', mine: mine.seed, theirs: theirs.seed }];
}

const isOwnEntry = (state: unknown): boolean =>
	typeof state === 'object' && state !== null && 'isOwnSettings' in state;

function write(view: LinkView, query: string): void {
	const hash = `#/${view}${query === '' ? '' : `?${query}`}`;
	if (location.hash !== hash || !isOwnEntry(history.state)) {
		history.replaceState({ isOwnSettings: true }, '', hash);
	}
}
