/** Loads a model in the browser: the worker's own reader and engine, files from the dev server. */
import type { BackendName } from '../../../src/protocol/trainer';
import { decoderParameters, type HeadInit } from '../../../workers/engine/decoder-parameters';
import { startBackend } from '../../../workers/engine/choose-backend';
import type { ComputeDevice } from '../../../workers/engine/device';
import type { LanguageModel } from '../../../workers/engine/language-model';
import { fetchKernels } from '../../../workers/engine/wasm/fetch-kernels';
import { readModelFiles, fetchModelFile } from '../../../workers/model-files';
import wasmUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url';
import relaxedKernelsUrl from '../../../.cache/kernels/relaxed.wasm?url';
import simdKernelsUrl from '../../../.cache/kernels/simd.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url';

export const readKernels = fetchKernels({ simd: simdKernelsUrl, relaxed: relaxedKernelsUrl });

export async function startDevice(backend: BackendName): Promise<ComputeDevice> {
	const { device, report } = await startBackend(backend, {
		wasmPaths: { plain: wasmUrl, simd: simdUrl },
		readKernels
	});
	if (!device) {
		throw new Error(`${backend}: ${report.reason}`);
	}
	return device;
}

export async function loadModel(
	name: string,
	device: ComputeDevice,
	o: { valueHeads?: number; heads?: HeadInit } = {}
): Promise<LanguageModel> {
	const files = await readModelFiles(
		name,
		fetchModelFile(new URL('/', location.href), () => undefined)
	);
	const config = { ...files.config, valueHeads: o.valueHeads ?? 0 };
	return device.createModel(
		config,
		decoderParameters(config, files.weights, o.heads ?? { kind: 'zero' })
	);
}
