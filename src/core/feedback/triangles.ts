/**
 * Which pairs would make a person's consistency visible: three completions of one prompt, all compared with each other. Left
 * to chance that hardly ever happens, so that the selection opens such triangles on purpose and closes them.
 */

/** Two completions of one prompt by their ids. */
export interface CompletionPair {
	promptId: string;
	aId: string;
	bId: string;
}

export type TriangleStage = 'opens' | 'closes';

/** By completion: those it was compared with. */
type Neighbours = Map<string, Set<string>>;

/** Completions belong to one prompt, so that an edge never leaves it. */
export function comparedWith(asked: readonly CompletionPair[]): Neighbours {
	const neighbours: Neighbours = new Map();
	for (const { aId, bId } of asked) {
		neighbours.set(aId, (neighbours.get(aId) ?? new Set()).add(bId));
		neighbours.set(bId, (neighbours.get(bId) ?? new Set()).add(aId));
	}
	return neighbours;
}

/**
 * What asking a pair would do: close a triangle (both completions were compared with a third), open one (one of them was
 * compared before), or neither, null. Pairs that were compared already do neither.
 */
export function triangleStage(
	{ aId, bId }: CompletionPair,
	neighbours: Neighbours
): TriangleStage | null {
	const ofA = neighbours.get(aId);
	const ofB = neighbours.get(bId);
	if (ofA?.has(bId)) {
		return null;
	}
	if (ofA && ofB && [...ofA].some((id) => ofB.has(id))) {
		return 'closes';
	}
	return (ofA === undefined) === (ofB === undefined) ? null : 'opens';
}
