/** Compute kernels: WGSL text in, compiled pipelines out, each compiled once and never on the spot (which would block the thread). */
import { StudioError } from '../../../src/protocol/errors';
import type { GpuContext } from '../gpu-device';

/** How a kernel uses a binding: `read` storage, `write` storage that may also be read, or `uniform`. */
export type Access = 'read' | 'write' | 'uniform';

export interface KernelSource {
	label: string;
	/** WGSL with entry point `main` and `@group(0) @binding(i)` in the order of `bindings`. Constants are baked in. */
	code: string;
	bindings: readonly Access[];
}

export interface Kernel {
	readonly label: string;
	readonly pipeline: GPUComputePipeline;
	readonly layout: GPUBindGroupLayout;
	readonly bindings: readonly Access[];
}

const BUFFER_TYPES: Record<Access, GPUBufferBindingType> = {
	read: 'read-only-storage',
	write: 'storage',
	uniform: 'uniform'
};

export class KernelCache {
	readonly #gpu: GpuContext;
	readonly #byCode = new Map<string, Promise<Kernel>>();

	constructor(gpu: GpuContext) {
		this.#gpu = gpu;
	}

	/** Compiles in the background; the same text is compiled once. @throws StudioError 'backend-failed' naming the kernel */
	get(source: KernelSource): Promise<Kernel> {
		const key = `${source.bindings.join()}\n${source.code}`;
		let kernel = this.#byCode.get(key);
		if (!kernel) {
			kernel = this.#compile(source);
			this.#byCode.set(key, kernel);
		}
		return kernel;
	}

	async #compile({ label, code, bindings }: KernelSource): Promise<Kernel> {
		const { device } = this.#gpu;
		const layout = device.createBindGroupLayout({
			label,
			entries: bindings.map((access, binding) => ({
				binding,
				visibility: GPUShaderStage.COMPUTE,
				buffer: { type: BUFFER_TYPES[access] }
			}))
		});
		const module = device.createShaderModule({ label, code });
		try {
			const pipeline = await device.createComputePipelineAsync({
				label,
				layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
				compute: { module, entryPoint: 'main' }
			});
			return { label, pipeline, layout, bindings };
		} catch (cause) {
			const { messages } = await module.getCompilationInfo();
			const first = messages.find((m) => m.type === 'error');
			throw new StudioError(
				'backend-failed',
				`The kernel ${label} does not compile: ${first ? `line ${first.lineNum}: ${first.message}` : String(cause)}`,
				{ cause }
			);
		}
	}
}
