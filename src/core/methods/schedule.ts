/**
 * Schedules of learning rate and prices: a factor between 0 and 1 as a function of the step. `linear` falls from 1 to 0 over the
 * run (openai/lm-human-preferences utils/core.py:621-629), `cosine` to a tenth along half a cosine (OpenRLHF), `constant` stays.
 * A warm-up rises linearly to 1 over its steps and delays the rest.
 */
export type ScheduleKind = 'constant' | 'linear' | 'cosine';

const COSINE_FLOOR = 0.1;

/** step: 0 for the first of `total`. Past the end the last value holds; a warm-up never starts at 0, which would waste a step. */
export function scheduleFactor(
	kind: ScheduleKind,
	step: number,
	total: number,
	warmup = 0
): number {
	if (!(total > 0) || !(step >= 0) || !(warmup >= 0)) {
		throw new RangeError(`step ${step} of ${total} with a warm-up of ${warmup}`);
	}
	if (step < warmup) {
		return (step + 1) / (warmup + 1);
	}
	const progress = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
	switch (kind) {
		case 'constant':
			return 1;
		case 'linear':
			return 1 - progress;
		case 'cosine':
			return COSINE_FLOOR + ((1 - COSINE_FLOOR) * (1 + Math.cos(Math.PI * progress))) / 2;
	}
}
