/** Loads a model in the browser: the worker's own reader and engine, files from the dev server. */
import type { BackendName } from '../../../src/protocol/trainer';
import { decoderParameters, type HeadInit } from '../../../workers/engine/decoder-parameters';
import { startBackend, type TfjsDevice } from '../../../workers/engine/tfjs/backends';
import { TfjsModel } from '../../../workers/engine/tfjs/tfjs-model';
import { readModelFiles, fetchModelFile } from '../../../workers/model-files';
import wasmUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url';

export async function startDevice(backend: BackendName): Promise<TfjsDevice> {
	const { device, report } = await startBackend(backend, {
		wasmPaths: { plain: wasmUrl, simd: simdUrl }
	});
	if (!device) {
		throw new Error(`${backend}: ${report.reason}`);
	}
	return device;
}

export async function loadModel(
	name: string,
	device: TfjsDevice,
	o: { valueHeads?: number; heads?: HeadInit } = {}
): Promise<TfjsModel> {
	const files = await readModelFiles(
		name,
		fetchModelFile(new URL('/', location.href), () => undefined)
	);
	const config = { ...files.config, valueHeads: o.valueHeads ?? 0 };
	return new TfjsModel(
		config,
		decoderParameters(config, files.weights, o.heads ?? { kind: 'zero' }),
		device
	);
}
