/**
 * Circular triads: a over b, b over c, c over a. Kendall & Babington Smith 1940, "On the method of paired comparisons".
 * Answers by coin make a quarter of all triads circular; answers turned round with probability e on a true order make
 * e (1 - e) of them circular.
 */
import { type Estimate, type Missing, missing, shareOf } from './figure';

/**
 * Circular triads of n items that were all compared with each other without ties, from how many comparisons each won ([n]):
 * n (n - 1) (2 n - 1) / 12 - (sum of squared wins) / 2. Throws RangeError on wins that no such tournament has.
 */
export function circularTriads(wins: readonly number[]): number {
	const n = wins.length;
	const total = wins.reduce((sum, w) => sum + w, 0);
	if (total !== (n * (n - 1)) / 2 || wins.some((w) => !Number.isInteger(w) || w < 0 || w >= n)) {
		throw new RangeError(`wins ${wins.join(', ')} are not of ${n} items all compared`);
	}
	return (n * (n - 1) * (2 * n - 1)) / 12 - wins.reduce((sum, w) => sum + w * w, 0) / 2;
}

/** The most circular triads that n items can have: (n^3 - n) / 24 for odd n, (n^3 - 4 n) / 24 for even n. */
export function mostCircularTriads(n: number): number {
	return n % 2 === 1 ? (n ** 3 - n) / 24 : (n ** 3 - 4 * n) / 24;
}

export interface Consistence {
	/** Coefficient of consistence, 1 - d / d_max: 1 for an order without a circle, 0 for as many as can be. */
	value: number;
	circular: number;
	most: number;
}

/** Kendall's coefficient of consistence of a complete set of comparisons, from the wins of each item. */
export function consistence(wins: readonly number[]): Consistence | Missing<'fewer-than-three'> {
	const most = mostCircularTriads(wins.length);
	if (wins.length < 3) {
		return missing('fewer-than-three');
	}
	const circular = circularTriads(wins);
	return { value: 1 - circular / most, circular, most };
}

/** An answer about two completions of one prompt, named by their ids. */
export interface Decision {
	promptId: string;
	aId: string;
	bId: string;
	outcome: 'a' | 'b' | 'tie';
}

export interface TriadCount {
	/** Three completions of one prompt, all compared with each other, each comparison with a winner. */
	closed: number;
	circular: number;
	/** circular / closed. Triads that share a comparison hang together: with few prompts the interval is too narrow. */
	share: Estimate | Missing<'nothing-counted'>;
	consistence: PooledConsistence | Missing<'no-complete-set'>;
}

/** Kendall's coefficient over all sets of completions that were compared completely: 1 - (sum of d) / (sum of d_max). */
export interface PooledConsistence extends Consistence {
	/** Sets of three or more completions of one prompt, every two of them compared with a winner. */
	sets: number;
}

/** Of one prompt's completions, how often each won against each other one it met, less how often it lost. */
type Leads = Map<string, Map<string, number>>;

function addLead(leads: Leads, winner: string, loser: string, lead: number): void {
	const row = leads.get(winner) ?? new Map<string, number>();
	leads.set(winner, row.set(loser, (row.get(loser) ?? 0) + lead));
}

function leadsByPrompt(decisions: readonly Decision[]): Leads[] {
	const byPrompt = new Map<string, Leads>();
	for (const { promptId, aId, bId, outcome } of decisions) {
		const leads = byPrompt.get(promptId) ?? new Map<string, Map<string, number>>();
		byPrompt.set(promptId, leads);
		const lead = outcome === 'tie' ? 0 : outcome === 'a' ? 1 : -1;
		addLead(leads, aId, bId, lead);
		addLead(leads, bId, aId, -lead);
	}
	return [...byPrompt.values()];
}

/** Completions that hang together by comparisons. */
function connectedSets(leads: Leads): string[][] {
	const seen = new Set<string>();
	return [...leads.keys()].flatMap((first) => {
		if (seen.has(first)) {
			return [];
		}
		seen.add(first);
		const set = [first];
		// The set grows while it is walked through.
		for (const name of set) {
			for (const next of leads.get(name)?.keys() ?? []) {
				if (!seen.has(next)) {
					seen.add(next);
					set.push(next);
				}
			}
		}
		return [set];
	});
}

/** [n], wins of each of a set; null where two of them were not compared, or without a winner. */
function winsWithin(set: readonly string[], leads: Leads): number[] | null {
	const others = set.length - 1;
	const rows = set.map((name) => [...(leads.get(name)?.values() ?? [])]);
	const isComplete = rows.every((row) => row.length === others && !row.includes(0));
	return isComplete ? rows.map((row) => row.filter((lead) => lead > 0).length) : null;
}

function pooledConsistence(prompts: readonly Leads[]): TriadCount['consistence'] {
	const sets = prompts.flatMap((leads) =>
		connectedSets(leads).flatMap((set) => {
			const wins = set.length < 3 ? null : winsWithin(set, leads);
			const found = wins ? consistence(wins) : null;
			return found && found.value !== null ? [found] : [];
		})
	);
	const circular = sets.reduce((sum, set) => sum + set.circular, 0);
	const most = sets.reduce((sum, set) => sum + set.most, 0);
	return most === 0
		? missing('no-complete-set')
		: { value: 1 - circular / most, circular, most, sets: sets.length };
}

/**
 * Circular triads where not everything was compared with everything: among closed triads within a prompt. Of a pair that was
 * asked several times the majority counts; without one, and for ties, its triads are not closed.
 */
export function closedTriads(decisions: readonly Decision[]): TriadCount {
	let closed = 0;
	let circular = 0;
	const prompts = leadsByPrompt(decisions);
	for (const leads of prompts) {
		for (const [x, ofX] of leads) {
			// Each triad once: its names in order.
			const after = [...ofX].filter(([name, lead]) => name > x && lead !== 0);
			for (const [y, xy] of after) {
				const ofY = leads.get(y);
				for (const [z, xz] of after) {
					const yz = z > y ? (ofY?.get(z) ?? 0) : 0;
					if (yz === 0) {
						continue;
					}
					closed++;
					// x over y over z over x, or the other way round.
					circular += xy > 0 === yz > 0 && xy > 0 !== xz > 0 ? 1 : 0;
				}
			}
		}
	}
	return {
		closed,
		circular,
		share: shareOf(circular, closed),
		consistence: pooledConsistence(prompts)
	};
}
