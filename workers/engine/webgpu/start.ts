/** Our own kernels on the graphics device of this worker. Used only after a self-test with known answers. */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import type { EngineStatistics } from '../../../src/protocol/trainer';
import type { BackendSources, ComputeDevice } from '../device';
import { refuseSoftware, sharedGpu, type GpuContext } from '../gpu-device';
import type { LanguageModel } from '../language-model';
import type { Parameters } from '../parameters';
import { SOFTWARE_CHOICE, tuneMatmul } from './autotune';
import { GpuModel } from './gpu-model';
import { GpuParameters } from './gpu-parameters';
import { GpuRuntime, type RuntimeOptions } from './gpu-runtime';
import type { DecoderShape } from './kernels/decoder-shape';
import { formatChoice, parseChoice, tileNamed, type MatmulChoice } from './kernels/tiles';
import { idleWorkspaceBytes } from './passes/workspace';
import { selfTest } from './self-test';

/** On the device that TensorFlow.js shares. @throws StudioError 'no-webgpu' | 'insecure-context' | 'backend-failed' */
export async function startWebGpu(sources: BackendSources): Promise<ComputeDevice> {
	const gpu = await sharedGpu();
	refuseSoftware(gpu, sources.refuseSoftwareGpu);
	const device = await startWebGpuOn(gpu);
	gpu.onLost((error) => sources.onDeviceLost?.(error));
	return device;
}

/** On a given device. @throws StudioError 'backend-failed' */
export async function startWebGpuOn(
	gpu: GpuContext,
	o: RuntimeOptions = {}
): Promise<ComputeDevice> {
	const device = new WebGpuDevice(gpu, o);
	const tile = tileNamed(gpu.isSoftware ? 'direct32' : 'tiled64');
	await device.runtime.uncounted(() => selfTest(device.runtime, tile));
	return device;
}

/** What was measured, for as long as this worker lives: by adapter, then by layer size. */
const measured = new Map<string, Map<string, MatmulChoice>>();

const KERNELS_KEY = /^matmul (\d+x\d+)$/;

class WebGpuDevice implements ComputeDevice {
	readonly backend = 'webgpu';
	readonly device: string;
	readonly runtime: GpuRuntime;
	/** By layer size, `hidden x intermediate`. */
	readonly #choices = new Map<string, MatmulChoice>();
	#tuning: Promise<unknown> = Promise.resolve();

	constructor(gpu: GpuContext, o: RuntimeOptions) {
		this.device = gpu.name;
		this.runtime = new GpuRuntime(gpu, o);
	}

	async createModel(config: ModelConfig, parameters: Parameters): Promise<LanguageModel> {
		this.runtime.gpu.assertHealthy();
		return GpuModel.create(this, config, new GpuParameters(this.runtime, parameters));
	}

	async chooseMatmul(shape: DecoderShape): Promise<MatmulChoice> {
		const size = `${shape.hidden}x${shape.intermediate}`;
		const known = this.#choices.get(size);
		if (known) {
			return known;
		}
		// Two models may be made at once; the second finds what the first has measured.
		const choice = this.#tuning.then(async () => {
			const made = this.#choices.get(size) ?? (await this.#measure(shape, size));
			this.#choices.set(size, made);
			return made;
		});
		this.#tuning = choice.catch(() => undefined);
		return choice;
	}

	statistics(): EngineStatistics {
		const bytesAllocated = this.runtime.memory.allocatedBytes;
		const kernels = [...this.#choices].map(([size, choice]) => [
			`matmul ${size}`,
			formatChoice(choice)
		]);
		return {
			backend: this.backend,
			device: this.device,
			kernels: Object.fromEntries(kernels) as Record<string, string>,
			operations: this.runtime.counters.snapshot(),
			bytesAllocated,
			bytesLive: bytesAllocated - idleWorkspaceBytes(this.runtime)
		};
	}

	useKernels(kernels: Record<string, string>): boolean {
		const wanted = new Map<string, MatmulChoice>();
		for (const [key, text] of Object.entries(kernels)) {
			const size = KERNELS_KEY.exec(key)?.[1];
			const choice = parseChoice(text);
			if (size === undefined || !choice) {
				return false;
			}
			wanted.set(size, choice);
		}
		for (const [size, choice] of wanted) {
			const current = this.#choices.get(size);
			if (!current || formatChoice(current) !== formatChoice(choice)) {
				this.#choices.set(size, choice);
			}
		}
		return true;
	}

	dispose(): void {
		this.runtime.dispose();
	}

	async #measure(shape: DecoderShape, size: string): Promise<MatmulChoice> {
		if (this.runtime.gpu.isSoftware) {
			return SOFTWARE_CHOICE;
		}
		const ofAdapter = measured.get(this.device) ?? new Map<string, MatmulChoice>();
		measured.set(this.device, ofAdapter);
		const { runtime } = this;
		const tune = () => runtime.uncounted(() => tuneMatmul(runtime, shape));
		const choice = ofAdapter.get(size) ?? (await runtime.exclusive(tune));
		ofAdapter.set(size, choice);
		return choice;
	}
}
