/** Names of weights, moments and step counts in a saved model, and reading them back whole or not at all. */
import { StudioError } from '../../src/protocol/errors';
import type { NamedTensor, ParameterGroup } from './language-model';

export const MOMENT_1 = 'optimizer.m.';
export const MOMENT_2 = 'optimizer.v.';
const STEP = 'optimizer.step.';
export const GROUPS: readonly ParameterGroup[] = ['trunk', 'heads'];

export type StepCounts = Record<ParameterGroup, number>;

export interface SavedParameter {
	values: Float32Array;
	/** null where the file has none: they start at zero. */
	m: Float32Array | null;
	v: Float32Array | null;
}

export interface SavedModel {
	parameters: ReadonlyMap<string, SavedParameter>;
	steps: StepCounts;
}

/** The step counts of each group as saved tensors. */
export function* savedSteps(steps: StepCounts): Generator<NamedTensor> {
	for (const group of GROUPS) {
		yield { name: STEP + group, shape: [1], data: Float32Array.of(steps[group]) };
	}
}

/**
 * Collects what `wanted` needs from a saved model; the arrays are the file's own, to be copied. Tensors that nobody wants are left.
 * @throws StudioError 'wrong-shape' naming the first tensor that is missing or of another size.
 */
export async function readSaved(
	wanted: Iterable<{ name: string; shape: readonly number[] }>,
	tensors: AsyncIterable<NamedTensor> | Iterable<NamedTensor>
): Promise<SavedModel> {
	const incoming = new Map<string, NamedTensor>();
	for await (const tensor of tensors) {
		incoming.set(tensor.name, tensor);
	}
	const parameters = new Map<string, SavedParameter>();
	for (const { name, shape } of wanted) {
		const size = shape.reduce((a, b) => a * b, 1);
		const read = (full: string, isNeeded: boolean): Float32Array | null => {
			const data = incoming.get(full)?.data ?? null;
			if (data ? data.length !== size : isNeeded) {
				throw new StudioError(
					'wrong-shape',
					`The saved weights have no ${full} of shape [${shape.join(', ')}].`,
					{ detail: { tensor: full } }
				);
			}
			return data;
		};
		parameters.set(name, {
			values: read(name, true) ?? new Float32Array(),
			m: read(MOMENT_1 + name, false),
			v: read(MOMENT_2 + name, false)
		});
	}
	const count = (group: ParameterGroup) => incoming.get(STEP + group)?.data[0] ?? 0;
	return { parameters, steps: { trunk: count('trunk'), heads: count('heads') } };
}
