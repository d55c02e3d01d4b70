/** Where the sliders of a few settings begin and end: narrower than what a field accepts. */
import type { NumberSetting } from '../../core/settings';

export interface KnobRange {
	min: number;
	max: number;
	step: number;
	/** Set by its logarithm. */
	isPower?: true;
}

const RANGES: Readonly<Record<string, KnobRange>> = {
	iterations: { min: 4, max: 200, step: 4 },
	epochs: { min: 1, max: 20, step: 1 },
	klCoef: { min: 0, max: 0.5, step: 0.01 },
	lr: { min: -5.5, max: -3, step: 0.05, isPower: true },
	beta: { min: -2, max: 1, step: 0.05, isPower: true },
	tau: { min: -2, max: 1, step: 0.05, isPower: true },
	flip: { min: 0, max: 0.4, step: 0.01 },
	gamma: { min: 0, max: 5, step: 0.1 },
	oddsWeight: { min: 0, max: 2, step: 0.05 },
	samples: { min: 4, max: 256, step: 4 },
	prompts: { min: 4, max: 128, step: 4 },
	batchRows: { min: 1, max: 64, step: 1 },
	temperature: { min: 0.1, max: 2, step: 0.05 }
};

export function knobRange(key: string, { min, max, step }: NumberSetting): KnobRange {
	return RANGES[key] ?? { min, max, step };
}
