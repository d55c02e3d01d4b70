/**
 * A world of sixteen completions (four tokens, two places) in which the best policy can be counted out: reference logits and
 * rewards of golden file 17.
 */
export const WORLD_VOCABULARY = 4;

const FIRST = [0.2, -0.3, 0.5, -0.4];
const SECOND = [
	[0.1, 0.4, -0.2, 0],
	[-0.5, 0.3, 0.2, 0.1],
	[0.6, -0.1, 0, -0.6],
	[0, 0, 0.3, -0.3]
];

/** Logits of the reference after a prefix of no token or one. */
export function worldLogits([first]: readonly number[]): readonly number[] {
	return first === undefined ? FIRST : (SECOND[first] ?? []);
}

/** [16], by first token, then second. */
export const WORLD_REWARDS: readonly number[] = [
	[-0.2, 0.3, 0.1, -0.1],
	[0.1, -0.1, 0.4, 0.2],
	[0.4, 0.2, 0, -0.2],
	[0, -0.2, 0.3, 0.1]
].flat();

/** [16], probabilities of the reference. */
export function worldReference(): Float64Array {
	const softmax = (logits: readonly number[]): number[] => {
		const e = logits.map(Math.exp);
		const sum = e.reduce((a, b) => a + b, 0);
		return e.map((x) => x / sum);
	};
	const first = softmax(FIRST);
	return Float64Array.from(first.flatMap((p, i) => softmax(SECOND[i] ?? []).map((q) => p * q)));
}
