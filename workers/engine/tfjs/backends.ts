/**
 * Chooses where TensorFlow.js computes: webgpu, wasm, cpu in that order, each only after a small self-test. Watches a GPU for
 * errors that TensorFlow.js would swallow (an invalid pipeline drops its whole command buffer and returns stale data).
 */
import { StudioError, toStudioError } from '../../../src/protocol/errors';
import type { BackendName, BackendReport } from '../../../src/protocol/trainer';
import { readNow } from './host-read';
import * as tf from './tf';

export const BACKEND_ORDER: readonly BackendName[] = ['webgpu', 'wasm', 'cpu'];

/**
 * Most positions times parameters in one pass, so that a forward and backward pass of a thread that computes by itself stays well
 * under the 500 ms in which a click must be seen (about 400 ms on a slow laptop core; a GPU's thread only waits). Fixed numbers,
 * not measured ones: the split decides the order of sums, and the same seed must give the same run.
 */
const PASS_BUDGET: Record<BackendName, number> = { webgpu: Infinity, wasm: 6e8, cpu: 2.5e7 };

/** A computing device that has passed its self-test. */
export class TfjsDevice {
	readonly backend: BackendName;
	readonly device: string;
	#failure: StudioError | null = null;

	constructor(backend: BackendName, device: string) {
		this.backend = backend;
		this.device = device;
	}

	/** Tensors live in this thread's memory and can be read at once. */
	get isHost(): boolean {
		return this.backend !== 'webgpu';
	}

	/** Most positions in one pass of a model with so many parameters. */
	mostPositions(parameters: number): number {
		return Math.max(1, Math.floor(PASS_BUDGET[this.backend] / parameters));
	}

	fail(error: StudioError): void {
		this.#failure ??= error;
	}

	/** Throws what the GPU reported since the start; a device that failed once is never trusted again. */
	assertHealthy(): void {
		if (this.#failure) {
			throw this.#failure;
		}
	}

	async read(tensor: tf.Tensor | null): Promise<Float32Array | null> {
		if (!tensor) {
			return null;
		}
		if (this.isHost) {
			return readNow(tensor);
		}
		try {
			return await tensor.data<'float32'>();
		} catch (cause) {
			this.assertHealthy();
			throw new StudioError('device-lost', 'The graphics device stopped answering.', { cause });
		}
	}
}

/** Where the wasm binaries lie, and which backends exist here; the worker entry fills it in (Node tests do their own). */
export interface BackendSources {
	/** URLs or paths of the two builds without threads. */
	wasmPaths: { plain: string; simd: string };
	onDeviceLost?: (error: StudioError) => void;
}

/** Start one backend and test it. The report tells a person what happened; `device` is null where it cannot be used. */
export async function startBackend(
	backend: BackendName,
	sources: BackendSources
): Promise<{ device: TfjsDevice | null; report: BackendReport }> {
	const started = performance.now();
	try {
		const device = await starters[backend](sources);
		await selfTest(device);
		const selfTestMs = performance.now() - started;
		return {
			device,
			report: {
				backend,
				ok: true,
				reason: 'It passed its self-test.',
				device: device.device,
				selfTestMs
			}
		};
	} catch (cause) {
		const error = toStudioError(cause);
		return {
			device: null,
			report: { backend, ok: false, reason: error.message, device: '', selfTestMs: null }
		};
	}
}

const starters: Record<BackendName, (sources: BackendSources) => Promise<TfjsDevice>> = {
	webgpu: startWebGpu,
	wasm: startWasm,
	cpu: startCpu
};

async function startWebGpu(sources: BackendSources): Promise<TfjsDevice> {
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
	const adapter = await gpu.requestAdapter();
	if (!adapter) {
		throw new StudioError('no-webgpu', 'WebGPU is there, but it found no graphics adapter.');
	}
	const { vendor, architecture, description } = adapter.info;
	const name = description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
	await import('@tensorflow/tfjs-backend-webgpu');
	// Small tensors would be computed on the CPU behind our back.
	tf.env().set('WEBGPU_CPU_FORWARD', false);
	await activate('webgpu');
	const device = new TfjsDevice('webgpu', name);
	const { device: gpuDevice } = tf.backend() as unknown as { device: GPUDevice }; // the webgpu backend keeps it public
	gpuDevice.onuncapturederror = (event) => {
		const isMemory = event.error instanceof GPUOutOfMemoryError;
		device.fail(
			new StudioError(isMemory ? 'out-of-memory' : 'backend-failed', event.error.message)
		);
	};
	void gpuDevice.lost.then((info) => {
		const error = new StudioError('device-lost', info.message || 'The graphics device was lost.', {
			detail: { reason: info.reason }
		});
		device.fail(error);
		if (info.reason !== 'destroyed') {
			sources.onDeviceLost?.(error);
		}
	});
	return device;
}

async function startWasm(sources: BackendSources): Promise<TfjsDevice> {
	if (typeof WebAssembly === 'undefined') {
		throw new StudioError('backend-failed', 'This browser has no WebAssembly.');
	}
	const wasm = await import('@tensorflow/tfjs-backend-wasm');
	const { plain, simd } = sources.wasmPaths;
	wasm.setWasmPaths({
		'tfjs-backend-wasm.wasm': plain,
		'tfjs-backend-wasm-simd.wasm': simd,
		// Every entry is asked for; this one is never loaded, because threads are off.
		'tfjs-backend-wasm-threaded-simd.wasm': simd
	});
	// Threads would need a blob: worker, which the content security policy forbids.
	tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
	await activate('wasm');
	const hasSimd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
	return new TfjsDevice('wasm', hasSimd ? 'SIMD' : 'no SIMD');
}

async function startCpu(): Promise<TfjsDevice> {
	await import('@tensorflow/tfjs-backend-cpu');
	await activate('cpu');
	return new TfjsDevice('cpu', 'JavaScript');
}

/** setBackend answers false, and silently stays elsewhere, when a backend cannot start. */
async function activate(backend: BackendName): Promise<void> {
	const isSet = await tf.setBackend(backend);
	await tf.ready();
	if (!isSet || tf.getBackend() !== backend) {
		throw new StudioError(
			'backend-failed',
			`TensorFlow.js could not start its ${backend} backend.`
		);
	}
}

const TEST_SIZE = 48;

/** A matrix product and a softmax with known answers; wrong numbers are worse than none. */
async function selfTest(device: TfjsDevice): Promise<void> {
	const a = Float32Array.from({ length: TEST_SIZE * TEST_SIZE }, (_, i) => Math.sin(i));
	const x = tf.tensor2d(a, [TEST_SIZE, TEST_SIZE]);
	const result = tf.tidy(() => tf.softmax(tf.matMul(x, x)));
	const values = (await device.read(result)) ?? new Float32Array();
	tf.dispose([x, result]);
	const expected = softmaxOfSquare(a);
	for (let i = 0; i < expected.length; i++) {
		if (!(Math.abs((values[i] ?? NaN) - (expected[i] ?? 0)) < 1e-4)) {
			throw new StudioError(
				'backend-failed',
				`The ${device.backend} backend computed a wrong number in its self-test.`
			);
		}
	}
	device.assertHealthy();
}

function softmaxOfSquare(a: Float32Array): Float64Array {
	const n = TEST_SIZE;
	const out = new Float64Array(n * n);
	for (let i = 0; i < n; i++) {
		for (let j = 0; j < n; j++) {
			for (let k = 0; k < n; k++) {
				out[i * n + j] = (out[i * n + j] ?? 0) + (a[i * n + k] ?? 0) * (a[k * n + j] ?? 0);
			}
		}
		const row = out.subarray(i * n, (i + 1) * n);
		const largest = Math.max(...row);
		const sum = row.reduce((s, v) => s + Math.exp(v - largest), 0);
		row.forEach((v, j) => (row[j] = Math.exp(v - largest) / sum));
	}
	return out;
}
