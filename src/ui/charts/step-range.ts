/** Ranges of steps, and what zooming does to them. */
export interface StepRange {
	from: number;
	to: number;
}

/** Closer in there is nothing to see. */
const LEAST_STEPS = 2;

/**
 * A range `factor` times as wide, with `at` at the same share of its width, kept inside `full`. As wide as everything is null:
 * such a chart follows new steps again.
 */
export function zoomed(
	range: StepRange,
	full: StepRange,
	at: number,
	factor: number
): StepRange | null {
	const all = full.to - full.from;
	const width = Math.max(LEAST_STEPS, (range.to - range.from) * factor);
	if (width >= all) {
		return null;
	}
	const share = (at - range.from) / (range.to - range.from);
	const from = Math.min(full.to - width, Math.max(full.from, at - share * width));
	return { from, to: from + width };
}
