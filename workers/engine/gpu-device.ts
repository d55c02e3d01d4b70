/**
 * The one graphics device of this worker, shared by our own kernels and TensorFlow.js. Asked for with every limit and optional feature
 * that the adapter has (TensorFlow.js alone would stay at 8 storage buffers and no timestamps), watched for errors that WebGPU
 * reports without an exception: an invalid pipeline drops its whole command buffer and leaves stale numbers.
 */
import { StudioError } from '../../src/protocol/errors';

/** Used where the adapter has them; nothing may require them. */
const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

const RAISED_LIMITS = [
	'maxBufferSize',
	'maxStorageBufferBindingSize',
	'maxStorageBuffersPerShaderStage',
	'maxComputeWorkgroupStorageSize',
	'maxComputeInvocationsPerWorkgroup',
	'maxComputeWorkgroupSizeX',
	'maxComputeWorkgroupsPerDimension'
] as const;

export class GpuContext {
	readonly device: GPUDevice;
	/** For a person. */
	readonly name: string;
	readonly info: GPUAdapterInfo;
	/** A program that imitates a graphics card on the processor: right numbers, no speed. */
	readonly isSoftware: boolean;
	readonly #lostListeners = new Set<(error: StudioError) => void>();
	#failure: StudioError | null = null;

	constructor(device: GPUDevice, info: GPUAdapterInfo) {
		this.device = device;
		this.info = info;
		const { vendor, architecture, description } = info;
		this.name =
			description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
		this.isSoftware =
			info.isFallbackAdapter ||
			/swiftshader|llvmpipe|lavapipe|basic render/i.test(`${architecture} ${description}`);
		device.onuncapturederror = ({ error }) => {
			const isMemory = error instanceof GPUOutOfMemoryError;
			this.fail(new StudioError(isMemory ? 'out-of-memory' : 'backend-failed', error.message));
		};
		void device.lost.then((lost) => {
			const error = new StudioError(
				'device-lost',
				lost.message || 'The graphics device was lost.',
				{
					detail: { reason: lost.reason }
				}
			);
			this.fail(error);
			if (lost.reason !== 'destroyed') {
				this.#lostListeners.forEach((tell) => tell(error));
			}
		});
	}

	has(feature: GPUFeatureName): boolean {
		return this.device.features.has(feature);
	}

	onLost(listener: (error: StudioError) => void): void {
		this.#lostListeners.add(listener);
	}

	fail(error: StudioError): void {
		this.#failure ??= error;
	}

	get isFailed(): boolean {
		return this.#failure !== null;
	}

	/** Throws what the device reported since the start; one that failed once is never trusted again. */
	assertHealthy(): void {
		if (this.#failure) {
			throw this.#failure;
		}
	}

	/** Waits for a promise of the device, and says 'device-lost' where it rejects because the device is gone. */
	async answered<T>(promise: Promise<T>): Promise<T> {
		try {
			const result = await promise;
			this.assertHealthy();
			return result;
		} catch (cause) {
			this.assertHealthy();
			throw new StudioError('device-lost', 'The graphics device stopped answering.', { cause });
		}
	}
}

export interface GpuRequest {
	/** Leave these out even where the adapter has them (tests of poorer adapters). */
	withoutFeatures?: readonly GPUFeatureName[];
	/** Lower limits than the adapter's (tests of poorer adapters). */
	limits?: Partial<Record<(typeof RAISED_LIMITS)[number], number>>;
}

/** A device of its own. @throws StudioError 'no-webgpu' | 'insecure-context' */
export async function requestGpu(request: GpuRequest = {}): Promise<GpuContext> {
	const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
	if (!gpu) {
		const isSecure = (globalThis as { isSecureContext?: boolean }).isSecureContext !== false;
		throw isSecure
			? new StudioError('no-webgpu', 'This browser has no WebGPU.')
			: new StudioError(
					'insecure-context',
					'Browsers hide WebGPU on pages that are not localhost or HTTPS.'
				);
	}
	const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
	if (!adapter) {
		throw new StudioError('no-webgpu', 'WebGPU is there, but it found no graphics adapter.');
	}
	const requiredFeatures = OPTIONAL_FEATURES.filter(
		(name) => adapter.features.has(name) && !request.withoutFeatures?.includes(name)
	);
	const requiredLimits = Object.fromEntries(
		RAISED_LIMITS.map((name) => [name, request.limits?.[name] ?? adapter.limits[name]])
	);
	const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
	return new GpuContext(device, adapter.info);
}

/** @throws StudioError 'no-webgpu' for a software adapter where `refuse` is set. */
export function refuseSoftware(gpu: GpuContext, refuse: boolean | undefined): void {
	if (refuse && gpu.isSoftware) {
		throw new StudioError(
			'no-webgpu',
			`${gpu.name} imitates a graphics card on the processor, which is slower than WebAssembly.`
		);
	}
}

let shared: Promise<GpuContext> | null = null;

/** The worker's device; a failed or lost one is replaced by a new one. */
export async function sharedGpu(): Promise<GpuContext> {
	const current = await shared?.catch(() => null);
	if (!current || current.isFailed) {
		shared = requestGpu();
	}
	return shared ?? requestGpu();
}
