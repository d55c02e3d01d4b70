/** A built-in model's files: fetched from our own origin with progress, read under limits, kept for every model made from them. */
import { FormatError } from '../src/core/formats/format-error';
import type { ModelConfig } from '../src/core/formats/model-config';
import { parseModelConfig } from '../src/core/formats/model-config-reader';
import { readSafetensors, type SafetensorsFile } from '../src/core/formats/safetensors';
import { createTokenizer, type TextTokenizer } from '../src/core/formats/tokenizer';
import { StudioError } from '../src/protocol/errors';

/** The default model's weights are 5 MB; nothing built in comes near this. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

export interface ModelFiles {
	config: ModelConfig;
	tokenizer: TextTokenizer;
	weights: SafetensorsFile;
}

export type ReadFile = (model: string, file: string) => Promise<Uint8Array>;

/** @throws StudioError 'missing-file' | 'corrupt-file' | 'wrong-shape' | 'tokenizer-mismatch' | 'too-large' */
export async function readModelFiles(model: string, read: ReadFile): Promise<ModelFiles> {
	const text = async (file: string) => new TextDecoder().decode(await read(model, file));
	const [configText, tokenizerText, weightBytes] = await Promise.all([
		text('config.json'),
		text('tokenizer.json'),
		read(model, 'model.safetensors')
	]);
	try {
		const config = parseModelConfig(configText);
		return {
			config,
			tokenizer: createTokenizer(tokenizerText, config),
			weights: readSafetensors(weightBytes)
		};
	} catch (cause) {
		throw asStudioError(cause, model);
	}
}

export function asStudioError(cause: unknown, name: string): unknown {
	return cause instanceof FormatError
		? new StudioError(cause.code, cause.message, {
				cause,
				detail: { ...cause.detail, model: name }
			})
		: cause;
}

/** Reads from `models/<model>/<file>` below the app's base, reporting bytes as they come. */
export function fetchModelFile(
	base: URL,
	onProgress: (loadedBytes: number, totalBytes: number) => void
): ReadFile {
	return async (model, file) => {
		const url = new URL(`models/${encodeURIComponent(model)}/${file}`, base);
		const missing = (why: string, cause?: unknown) =>
			new StudioError('missing-file', `${file} of ${model} could not be loaded: ${why}.`, {
				cause,
				detail: { file, model }
			});
		let response: Response;
		try {
			response = await fetch(url);
		} catch (cause) {
			throw missing('the server did not answer', cause);
		}
		// A server that answers every path with its index page has no such file either.
		if (
			!response.ok ||
			!response.body ||
			response.headers.get('content-type')?.startsWith('text/html')
		) {
			throw missing(`the server answered ${response.status}`);
		}
		const totalBytes = Number(response.headers.get('content-length') ?? 0);
		return readAll(response.body, file, (loaded) => onProgress(loaded, totalBytes));
	};
}

async function readAll(
	body: ReadableStream<Uint8Array>,
	file: string,
	onBytes: (loaded: number) => void
): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let loaded = 0;
	const reader = body.getReader();
	for (let next = await reader.read(); !next.done; next = await reader.read()) {
		loaded += next.value.length;
		if (loaded > MAX_FILE_BYTES) {
			await reader.cancel();
			throw new StudioError('too-large', `${file} is larger than ${MAX_FILE_BYTES} bytes.`, {
				detail: { file }
			});
		}
		chunks.push(next.value);
		onBytes(loaded);
	}
	const all = new Uint8Array(loaded);
	let at = 0;
	for (const chunk of chunks) {
		all.set(chunk, at);
		at += chunk.length;
	}
	return all;
}
