/**
 * Where TensorFlow.js computes: the readable reference that our own kernels are held to, and the next best where those cannot run.
 * Each backend is used only after a small self-test with known answers.
 */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { StudioError } from '../../../src/protocol/errors';
import type { BackendName, EngineStatistics } from '../../../src/protocol/trainer';
import { EngineCounters } from '../counters';
import type { BackendSources, ComputeDevice } from '../device';
import { refuseSoftware, sharedGpu, type GpuContext } from '../gpu-device';
import type { LanguageModel } from '../language-model';
import type { Parameters } from '../parameters';
import { readNow } from './host-read';
import * as tf from './tf';
import { TfjsModel } from './tfjs-model';

/**
 * Most positions times parameters in one pass, so that a forward and backward pass of a thread that computes by itself stays well
 * under the 500 ms in which a click must be seen (about 400 ms on a slow laptop core; a GPU's thread only waits). Fixed numbers,
 * not measured ones: the split decides the order of sums, and the same seed must give the same run.
 */
const PASS_BUDGET: Record<TfjsBackend, number> = {
	'tfjs-webgpu': Infinity,
	'tfjs-wasm': 6e8,
	cpu: 2.5e7
};

export class TfjsDevice implements ComputeDevice {
	readonly backend: TfjsBackend;
	readonly device: string;
	readonly counters = new EngineCounters();
	readonly #gpu: GpuContext | null;

	constructor(backend: TfjsBackend, device: string, gpu: GpuContext | null = null) {
		this.backend = backend;
		this.device = device;
		this.#gpu = gpu;
	}

	async createModel(config: ModelConfig, parameters: Parameters): Promise<LanguageModel> {
		return new TfjsModel(config, parameters, this);
	}

	statistics(): EngineStatistics {
		const { backend, device } = this;
		const operations = this.counters.snapshot();
		const { numBytes } = tf.memory();
		return { backend, device, kernels: {}, operations, bytesAllocated: null, bytesLive: numBytes };
	}

	/** TensorFlow.js has one set of kernels. */
	useKernels(kernels: Record<string, string>): boolean {
		return Object.keys(kernels).length === 0;
	}

	dispose(): void {
		// TensorFlow.js keeps its backend for as long as the worker lives.
	}

	/** Tensors live in this thread's memory and can be read at once. */
	get isHost(): boolean {
		return this.#gpu === null;
	}

	/** Most positions in one pass of a model with so many parameters. */
	mostPositions(parameters: number): number {
		return Math.max(1, Math.floor(PASS_BUDGET[this.backend] / parameters));
	}

	/** Throws what the GPU reported since the start. */
	assertHealthy(): void {
		this.#gpu?.assertHealthy();
	}

	async read(tensor: tf.Tensor | null): Promise<Float32Array | null> {
		if (!tensor) {
			return null;
		}
		return this.#gpu ? this.#gpu.answered(tensor.data<'float32'>()) : readNow(tensor);
	}
}

export type TfjsBackend = Extract<BackendName, 'tfjs-webgpu' | 'tfjs-wasm' | 'cpu'>;

/** Starts TensorFlow.js on one backend and tests it. @throws StudioError saying why it cannot be used */
export async function startTfjs(
	backend: TfjsBackend,
	sources: BackendSources
): Promise<TfjsDevice> {
	const device = await starters[backend](sources);
	await selfTest(device);
	return device;
}

const starters: Record<TfjsBackend, (sources: BackendSources) => Promise<TfjsDevice>> = {
	'tfjs-webgpu': startWebGpu,
	'tfjs-wasm': startWasm,
	cpu: startCpu
};

async function startWebGpu(sources: BackendSources): Promise<TfjsDevice> {
	const gpu = await sharedGpu();
	refuseSoftware(gpu, sources.refuseSoftwareGpu);
	const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
	// Small tensors would be computed on the CPU behind our back.
	tf.env().set('WEBGPU_CPU_FORWARD', false);
	tf.removeBackend('webgpu');
	tf.registerBackend('webgpu', () => new WebGPUBackend(gpu.device, gpu.info));
	await activate('webgpu');
	const device = new TfjsDevice('tfjs-webgpu', gpu.name, gpu);
	gpu.onLost((error) => sources.onDeviceLost?.(error));
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
	return new TfjsDevice('tfjs-wasm', hasSimd ? 'SIMD' : 'no SIMD');
}

async function startCpu(): Promise<TfjsDevice> {
	await import('@tensorflow/tfjs-backend-cpu');
	await activate('cpu');
	return new TfjsDevice('cpu', 'JavaScript');
}

/** setBackend answers false, and silently stays elsewhere, when a backend cannot start. */
async function activate(backend: 'webgpu' | 'wasm' | 'cpu'): Promise<void> {
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
