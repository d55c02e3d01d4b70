/**
 * Counts what a page asks of WebGPU, from outside the engine: the methods of WebGPU's own classes are wrapped before a device is made.
 */

export interface GpuCounts {
	dispatches: number;
	submits: number;
	/** Buffers mapped for reading. */
	readbacks: number;
	bindGroups: number;
	/** Compute pipelines compiled while the caller waits. */
	blockingPipelines: number;
	pipelines: number;
	/** Held now: buffers that were made and not destroyed. */
	bufferBytes: number;
}

type Method = (this: object, ...args: unknown[]) => unknown;

function watch(
	of: { prototype: object },
	name: string,
	tell: (self: object, result: unknown, args: unknown[]) => void
): void {
	const original = Reflect.get(of.prototype, name) as Method;
	Reflect.set(of.prototype, name, function (this: object, ...args: unknown[]): unknown {
		const result = original.apply(this, args);
		tell(this, result, args);
		return result;
	});
}

/** Starts counting; call it once, before the first device is asked for. The function it gives copies the counts so far. */
export function countGpu(): () => GpuCounts {
	const counts: GpuCounts = {
		dispatches: 0,
		submits: 0,
		readbacks: 0,
		bindGroups: 0,
		blockingPipelines: 0,
		pipelines: 0,
		bufferBytes: 0
	};
	const isHeld = new WeakSet();
	watch(GPUComputePassEncoder, 'dispatchWorkgroups', () => counts.dispatches++);
	watch(GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', () => counts.dispatches++);
	watch(GPUQueue, 'submit', () => counts.submits++);
	watch(GPUDevice, 'createBindGroup', () => counts.bindGroups++);
	watch(GPUDevice, 'createComputePipeline', () => {
		counts.blockingPipelines++;
		counts.pipelines++;
	});
	watch(GPUDevice, 'createComputePipelineAsync', () => counts.pipelines++);
	watch(GPUDevice, 'createBuffer', (_, buffer) => {
		isHeld.add(buffer as GPUBuffer);
		counts.bufferBytes += (buffer as GPUBuffer).size;
	});
	watch(GPUBuffer, 'destroy', (buffer) => {
		counts.bufferBytes -= isHeld.delete(buffer) ? (buffer as GPUBuffer).size : 0;
	});
	watch(GPUBuffer, 'mapAsync', (_, __, [mode]) => {
		counts.readbacks += mode === GPUMapMode.READ ? 1 : 0;
	});
	return () => ({ ...counts });
}

export type GpuCount = keyof GpuCounts;

export function difference(after: GpuCounts, before: GpuCounts): GpuCounts {
	const names = Object.keys(after) as GpuCount[];
	const result = { ...after };
	for (const name of names) {
		result[name] -= before[name];
	}
	return result;
}
