/** Exact probabilities of counts of fair coin tosses. */

/** ln of the binomial coefficient; exact to about 1e-13 relative for n of some thousands. */
function logChoose(n: number, k: number): number {
	let sum = 0;
	for (let i = 1; i <= Math.min(k, n - k); i++) {
		sum += Math.log((n + 1 - i) / i);
	}
	return sum;
}

/**
 * Two-sided p-value of k heads in n tosses of a fair coin: the probability of a count at least as far from n / 2. Exact
 * (no normal approximation); 1 without tosses. Throws RangeError unless 0 <= k <= n are integers.
 */
export function fairCoinTest(k: number, n: number): number {
	if (!Number.isSafeInteger(n) || !Number.isSafeInteger(k) || k < 0 || k > n) {
		throw new RangeError(`${k} of ${n} tosses`);
	}
	const least = Math.min(k, n - k);
	let term = Math.exp(logChoose(n, least) - n * Math.LN2);
	let tail = 0;
	for (let i = least; i >= 0 && term > 0; i--) {
		tail += term;
		term *= i / (n - i + 1);
	}
	return Math.min(1, 2 * tail);
}

/**
 * Probability that n tosses of a fair coin contain a run (of either face) of at least `length`. Feller, "An Introduction to
 * Probability Theory", XIII.7: by counting how the current run may stand. Time n * length.
 */
export function longRunProbability(length: number, n: number): number {
	if (!Number.isSafeInteger(n) || !Number.isSafeInteger(length) || n < 0 || length < 1) {
		throw new RangeError(`a run of ${length} in ${n} tosses`);
	}
	if (n < length) {
		return 0;
	}
	if (length === 1) {
		return 1;
	}
	// standing[r]: probability that no run of `length` has come yet and the current run is of r + 1 tosses.
	const standing = new Float64Array(length - 1);
	standing[0] = 1;
	let reached = 0;
	for (let toss = 2; toss <= n; toss++) {
		const still = standing.reduce((sum, p) => sum + p, 0);
		reached += (standing[length - 2] ?? 0) / 2;
		standing.copyWithin(1, 0);
		standing.forEach((p, r) => (standing[r] = p / 2));
		standing[0] = still / 2;
	}
	return reached;
}
