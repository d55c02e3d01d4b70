/** Parts of the Evaluate view, each under an address of its own. */
export const EVALUATE_PARTS = [
	'blind',
	'over-optimisation',
	'methods',
	'monitors',
	'red-team'
] as const;
export type EvaluatePart = (typeof EVALUATE_PARTS)[number];

export function partOf(address: string): EvaluatePart {
	return EVALUATE_PARTS.find((part) => part === address) ?? 'blind';
}
