/** Starts the app's engines on a page of the benchmark. */
import simdUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url';
import wasmUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url';
import relaxedKernelsUrl from '../../../.cache/kernels/relaxed.wasm?url';
import simdKernelsUrl from '../../../.cache/kernels/simd.wasm?url';
import type { BackendName } from '../../../src/protocol/trainer';
import { startBackend } from '../../../workers/engine/choose-backend';
import type { ComputeDevice } from '../../../workers/engine/device';
import { fetchKernels } from '../../../workers/engine/wasm/fetch-kernels';

const sources = {
	wasmPaths: { plain: wasmUrl, simd: simdUrl },
	readKernels: fetchKernels({ simd: simdKernelsUrl, relaxed: relaxedKernelsUrl })
};

/** @throws Error with the reason if it cannot be used */
export async function startDevice(backend: BackendName): Promise<ComputeDevice> {
	const { device, report } = await startBackend(backend, sources);
	if (!device) {
		throw new Error(`${backend}: ${report.reason}`);
	}
	return device;
}
