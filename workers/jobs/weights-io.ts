/** Models to and from safetensors bytes, for checkpoints and stored assets. */
import {
	readSafetensors,
	writeSafetensors,
	type SafetensorsFile
} from '../../src/core/formats/safetensors';
import { SCALAR_HEADS } from '../engine/decoder-parameters';
import type { LanguageModel, NamedTensor } from '../engine/language-model';

export async function modelTensors(
	model: LanguageModel,
	optimizer: boolean
): Promise<NamedTensor[]> {
	const tensors: NamedTensor[] = [];
	for await (const tensor of model.save({ optimizer })) {
		tensors.push(tensor);
	}
	return tensors;
}

export async function packModel(model: LanguageModel, optimizer: boolean): Promise<ArrayBuffer> {
	return writeSafetensors(await modelTensors(model, optimizer)).buffer;
}

/** Tensors of a file, optionally those under a prefix, with it removed. */
export function* unpack(file: SafetensorsFile, prefix = ''): Generator<NamedTensor> {
	for (const info of file.tensors.values()) {
		if (info.name.startsWith(prefix)) {
			yield { name: info.name.slice(prefix.length), shape: info.shape, data: file.read(info.name) };
		}
	}
}

export function openWeights(bytes: ArrayBuffer): SafetensorsFile {
	return readSafetensors(new Uint8Array(bytes));
}

/** Heads of an ensemble beside the score's own, [members, d]: a tensor of its own, which a reader of one head passes over. */
const ENSEMBLE_HEADS = 'ensemble.heads';
const OPTIMIZER_PREFIX = 'optimizer.';

/** Heads of an ensemble as they are stored. */
export function ensembleTensor(heads: readonly Float64Array[]): NamedTensor {
	const width = heads[0]?.length ?? 0;
	const data = new Float32Array(heads.length * width);
	heads.forEach((head, k) => data.set(head, k * width));
	return { name: ENSEMBLE_HEADS, shape: [heads.length, width], data };
}

/** A reward model's tensors with its own head and those of its ensemble as one matrix. */
export function* withEnsembleHeads(file: SafetensorsFile): Generator<NamedTensor> {
	for (const tensor of unpack(file)) {
		if (tensor.name === SCALAR_HEADS) {
			const extra = file.read(ENSEMBLE_HEADS);
			const data = new Float32Array(tensor.data.length + extra.length);
			data.set(tensor.data);
			data.set(extra, tensor.data.length);
			const width = tensor.shape[1] ?? 1;
			yield { name: SCALAR_HEADS, shape: [data.length / width, width], data };
		} else if (tensor.name !== ENSEMBLE_HEADS) {
			yield tensor;
		}
	}
}

/** The bytes without optimizer state: what a snapshot keeps. */
export function withoutOptimizer(bytes: ArrayBuffer): ArrayBuffer {
	const tensors = [...unpack(openWeights(bytes))];
	return writeSafetensors(tensors.filter(({ name }) => !name.startsWith(OPTIMIZER_PREFIX))).buffer;
}

/** FNV-1a over all weights: cheap, and enough to see that a reference was never touched. */
export async function weightsHash(model: LanguageModel): Promise<string> {
	let hash = 0x811c9dc5;
	for await (const { data } of model.save()) {
		const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
		for (let i = 0; i < words.length; i++) {
			hash = Math.imul(hash ^ (words[i] as number), 0x01000193);
		}
	}
	return (hash >>> 0).toString(16).padStart(8, '0');
}
