/** Runs one WGSL kernel on arrays, for tests that hold kernels against float64. */
import type { GpuRequest } from '../../workers/engine/gpu-device';
import type { Grid, GpuRuntime } from '../../workers/engine/webgpu/gpu-runtime';
import type { KernelSource } from '../../workers/engine/webgpu/kernel';
import {
	PASS_BYTES,
	writePass,
	type PassNumbers
} from '../../workers/engine/webgpu/kernels/pass-uniform';

/** The least that an adapter may offer: no optional feature, WebGPU's default limits. Everything must work on it. */
export const LEAST_GPU: GpuRequest = {
	withoutFeatures: ['timestamp-query', 'shader-f16', 'subgroups'],
	limits: {
		maxBufferSize: 256 * 2 ** 20,
		maxStorageBufferBindingSize: 128 * 2 ** 20,
		maxStorageBuffersPerShaderStage: 8,
		maxComputeWorkgroupStorageSize: 16384,
		maxComputeInvocationsPerWorkgroup: 256,
		maxComputeWorkgroupSizeX: 256,
		maxComputeWorkgroupsPerDimension: 65535
	}
};

/** What a binding holds before the kernel runs. */
export type KernelData = ArrayLike<number> | Uint32Array | DataView<ArrayBuffer>;

/** Binds `data` in order, dispatches once and answers every storage binding as float32 after it. */
export async function runKernel(
	runtime: GpuRuntime,
	source: KernelSource,
	data: readonly KernelData[],
	grid: Grid
): Promise<Float32Array[]> {
	const kernel = await runtime.kernels.get(source);
	const buffers = data.map((values, i) => {
		const bytes =
			values instanceof DataView
				? values
				: values instanceof Uint32Array
					? new Uint32Array(values)
					: Float32Array.from(values);
		const buffer =
			source.bindings[i] === 'uniform'
				? runtime.memory.uniform('test', bytes.byteLength)
				: runtime.memory.storage({ label: 'test', bytes: bytes.byteLength });
		runtime.write(buffer, bytes);
		return { buffer, size: bytes.byteLength };
	});
	const ranges = buffers.map(({ buffer }) => ({ buffer }));
	const bindGroup = runtime.bind('score', kernel, ranges);
	const storage = buffers.filter((_, i) => source.bindings[i] !== 'uniform');
	const reads = storage.map(({ buffer, size }) => ({ buffer, offset: 0, size }));
	const answer = await runtime.read('score', [{ kernel, bindGroup, grid: () => grid }], { reads });
	buffers.forEach(({ buffer }) => runtime.memory.free(buffer));
	let at = 0;
	return storage.map(({ size }) => {
		const values = new Float32Array(answer, at, size / 4);
		at += size;
		return values;
	});
}

/** The uniform of a pass over so many positions. */
export function passView(
	positions: number,
	changes: Partial<PassNumbers> = {}
): DataView<ArrayBuffer> {
	const view = new DataView(new ArrayBuffer(PASS_BYTES));
	writePass(view, 0, {
		positions,
		first: 0,
		count: positions,
		inverseTemperature: 1,
		hasLogitGradient: false,
		hasVocabulary: false,
		hasValues: false,
		rows: 0,
		tokens: 0,
		isNormalised: false,
		vectorStride: 0,
		matrices: [0, 0],
		vectors: [0, 0],
		...changes
	});
	return view;
}

/** Largest difference over largest magnitude. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
	let worst = actual.length === expected.length ? 0 : Infinity;
	let magnitude = 0;
	for (let i = 0; i < expected.length; i++) {
		const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
		worst = difference <= worst ? worst : difference;
		magnitude = Math.max(magnitude, Math.abs(expected[i] ?? NaN));
	}
	return worst / magnitude;
}
