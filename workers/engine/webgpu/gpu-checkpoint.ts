/** Weights, moments and step counts between the device's pools and saved tensors. */
import type { NamedTensor } from '../language-model';
import { MOMENT_1, MOMENT_2, savedSteps, type SavedModel } from '../saved-tensors';
import type { GpuOptimizer } from './gpu-optimizer';
import type { GpuParameters } from './gpu-parameters';
import type { GpuRuntime } from './gpu-runtime';

interface Owner {
	runtime: GpuRuntime;
	parameters: GpuParameters;
	optimizer: GpuOptimizer;
}

/** Reads each pool once, all at the same moment; the answer hands the tensors out, their own copies. */
export async function readPools(
	{ runtime, parameters, optimizer }: Owner,
	withOptimizer: boolean
): Promise<Iterable<NamedTensor>> {
	const { layout, names, training } = parameters;
	const read = async (buffer: GPUBuffer) => new Float32Array(await runtime.download(buffer));
	const values = await read(parameters.values);
	const moments = withOptimizer && training ? [await read(training.m), await read(training.v)] : [];
	const moved = names.filter((name) => optimizer.hasMoments(name));
	const steps = { ...optimizer.steps };
	function* tensors(): Generator<NamedTensor> {
		for (const name of names) {
			const { shape } = layout.slot(name);
			yield { name, shape, data: parameters.slice(values, name) };
		}
		const [m, v] = moments;
		for (const name of m && v ? moved : []) {
			const { shape } = layout.slot(name);
			if (m && v) {
				yield { name: MOMENT_1 + name, shape, data: parameters.slice(m, name) };
				yield { name: MOMENT_2 + name, shape, data: parameters.slice(v, name) };
			}
		}
		if (withOptimizer) {
			yield* savedSteps(steps);
		}
	}
	return tensors();
}

/** Puts a saved model into the pools; moments that it has not start at zero, and gradients are forgotten. */
export function writePools(
	{ runtime, parameters, optimizer }: Owner,
	{ parameters: saved, steps }: SavedModel
): void {
	const hasMoments = [...saved.values()].some(({ m, v }) => m !== null || v !== null);
	const training = hasMoments ? parameters.ensureTraining() : parameters.training;
	if (training) {
		runtime.clear([training.gradients, training.m, training.v]);
	}
	const moved: string[] = [];
	for (const [name, { values, m, v }] of saved) {
		parameters.upload(parameters.values, name, values);
		if (training && m) {
			parameters.upload(training.m, name, m);
		}
		if (training && v) {
			parameters.upload(training.v, name, v);
		}
		if (m && v) {
			moved.push(name);
		}
	}
	optimizer.restore(moved, steps);
}
