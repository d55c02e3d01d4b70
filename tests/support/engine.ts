/** Loads a model for tests in Node: the same reader and engine as the worker, files from disk. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseModelConfig } from '../../src/core/formats/model-config-reader';
import { readSafetensors } from '../../src/core/formats/safetensors';
import { createTokenizer, type TextTokenizer } from '../../src/core/formats/tokenizer';
import type { BackendName } from '../../src/protocol/trainer';
import { decoderParameters, type HeadInit } from '../../workers/engine/decoder-parameters';
import { startBackend } from '../../workers/engine/choose-backend';
import type { ComputeDevice } from '../../workers/engine/device';
import type { LanguageModel } from '../../workers/engine/language-model';
import { readKernels } from './wasm-modules';

const wasmFolder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
export const wasmPaths = {
	plain: join(wasmFolder, 'tfjs-backend-wasm.wasm'),
	simd: join(wasmFolder, 'tfjs-backend-wasm-simd.wasm')
};

export async function startTestDevice(backend: BackendName): Promise<ComputeDevice> {
	const { device, report } = await startBackend(backend, { wasmPaths, readKernels });
	if (!device) {
		throw new Error(`${backend}: ${report.reason}`);
	}
	return device;
}

export async function loadTestModel(
	folder: string,
	device: ComputeDevice,
	o: { valueHeads?: number; heads?: HeadInit } = {}
): Promise<{ model: LanguageModel; tokenizer: TextTokenizer | null }> {
	const read = (name: string) => readFile(join(folder, name), 'utf8');
	const config = { ...parseModelConfig(await read('config.json')), valueHeads: o.valueHeads ?? 0 };
	const file = readSafetensors(await readFile(join(folder, 'model.safetensors')));
	const parameters = decoderParameters(config, file, o.heads ?? { kind: 'zero' });
	const tokenizer = await read('tokenizer.json').then(
		(text) => createTokenizer(text, config),
		() => null
	);
	return { model: await device.createModel(config, parameters), tokenizer };
}
