/** Turns that can be chosen, for every one of an ordinary prompt. */
export const WEIGHTS = [0.5, 1, 2, 3, 5] as const;
