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
}

/** By prompt: whether the first of two completions (in the order of their ids) won more often than it lost. */
function winners(decisions: readonly Decision[]): Map<string, Map<string, number>> {
	const byPrompt = new Map<string, Map<string, number>>();
	for (const { promptId, aId, bId, outcome } of decisions) {
		const leads = byPrompt.get(promptId) ?? new Map<string, number>();
		byPrompt.set(promptId, leads);
		const isInOrder = aId < bId;
		const key = isInOrder ? pairKey(aId, bId) : pairKey(bId, aId);
		const lead = outcome === 'tie' ? 0 : (outcome === 'a') === isInOrder ? 1 : -1;
		leads.set(key, (leads.get(key) ?? 0) + lead);
	}
	return byPrompt;
}

const pairKey = (first: string, second: string): string => JSON.stringify([first, second]);

/**
 * Circular triads where not everything was compared with everything: among closed triads within a prompt. Of a pair that was
 * asked several times the majority counts; without one, and for ties, its triads are not closed.
 */
export function closedTriads(decisions: readonly Decision[]): TriadCount {
	let closed = 0;
	let circular = 0;
	for (const leads of winners(decisions).values()) {
		const decided = new Map([...leads].filter(([, lead]) => lead !== 0));
		const names = [...decided.keys()].flatMap((key) => JSON.parse(key) as string[]);
		const ids = [...new Set(names)].sort();
		ids.forEach((x, i) =>
			ids.slice(i + 1).forEach((y, j) => {
				const xy = decided.get(pairKey(x, y));
				for (const z of xy === undefined ? [] : ids.slice(i + j + 2)) {
					const yz = decided.get(pairKey(y, z));
					const xz = decided.get(pairKey(x, z));
					if (xy === undefined || yz === undefined || xz === undefined) {
						continue;
					}
					closed++;
					// x over y over z over x, or the other way round.
					const isCircular = xy > 0 === yz > 0 && xy > 0 !== xz > 0;
					circular += isCircular ? 1 : 0;
				}
			})
		);
	}
	return { closed, circular, share: shareOf(circular, closed) };
}
