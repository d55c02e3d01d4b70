/** Krippendorff's alpha a second time, for comparison. */
import type { AlphaLevel, Label, Unit } from '../../../../src/core/feedback/agreement';

/**
 * Alpha from its definition, over single pairs of labels: disagreement seen within items against that of any two labels.
 * Written apart from the one under test: no coincidence matrix.
 */
export function alphaOverPairs(units: readonly Unit[], level: AlphaLevel): number {
	const rated = units
		.map((unit) => unit.filter((label): label is Label => label !== null && label !== undefined))
		.filter((labels) => labels.length > 1);
	const all = rated.flat();
	const squared = (x: Label, y: Label): number => {
		if (x === y) {
			return 0;
		}
		if (level === 'nominal') {
			return 1;
		}
		if (level === 'interval') {
			return (Number(x) - Number(y)) ** 2;
		}
		// Ranks of tied labels lie in the middle of their block; the distance is that of the ranks.
		const rank = (label: Label) =>
			all.filter((l) => l < label).length + all.filter((l) => l === label).length / 2;
		return (rank(x) - rank(y)) ** 2;
	};
	const pairs = new Map<string, number>();
	const cached = (x: Label, y: Label): number => {
		const key = `${x} ${y}`;
		const known = pairs.get(key) ?? squared(x, y);
		pairs.set(key, known);
		return known;
	};
	let observed = 0;
	for (const labels of rated) {
		for (let i = 0; i < labels.length; i++) {
			for (let j = 0; j < labels.length; j++) {
				observed += i === j ? 0 : cached(labels[i] ?? 0, labels[j] ?? 0) / (labels.length - 1);
			}
		}
	}
	let expected = 0;
	all.forEach((x, i) =>
		all.forEach((y, j) => {
			expected += i === j ? 0 : cached(x, y);
		})
	);
	return 1 - observed / all.length / (expected / (all.length * (all.length - 1)));
}
