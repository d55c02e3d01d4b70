/**
 * safetensors, read and written: u64 header length, JSON header, row-major little-endian data.
 * Reads f32, f16 and bf16 into Float32Array. The rules are those of the Rust reference (contiguous offsets from 0 to the end,
 * checked products, no duplicate keys) with tighter limits, and every refusal is a StudioError-free FormatError that names the tensor.
 */
import { FormatError } from './format-error';

/** A built-in model's header is 6 KB; 10 MB leaves room for any model that fits a browser. */
const MAX_HEADER_BYTES = 10_000_000;
const MAX_TENSORS = 10_000;
const MAX_RANK = 8;
const MAX_DIMENSION = 2 ** 32;

const BYTES_PER_ELEMENT = { F32: 4, F16: 2, BF16: 2 } as const;
type ReadableDtype = keyof typeof BYTES_PER_ELEMENT;

export interface TensorInfo {
	name: string;
	dtype: ReadableDtype;
	shape: number[];
	elements: number;
	/** Byte range within the file. */
	start: number;
	end: number;
}

export interface SafetensorsFile {
	metadata: Record<string, string>;
	tensors: Map<string, TensorInfo>;
	/** The tensor as float32, freshly allocated. */
	read(name: string): Float32Array;
}

/** Parse and check the header; data is converted tensor by tensor on `read`. Throws FormatError. */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
	const { header, dataStart } = readHeader(bytes);
	const metadata: Record<string, string> = {};
	const tensors = new Map<string, TensorInfo>();
	for (const [name, entry] of Object.entries(header)) {
		if (name === '__metadata__') {
			Object.assign(metadata, readMetadata(entry));
		} else {
			tensors.set(name, readTensorInfo(name, entry, dataStart));
		}
	}
	if (tensors.size > MAX_TENSORS) {
		throw new FormatError(
			'too-large',
			`The file lists ${tensors.size} tensors; at most ${MAX_TENSORS} are read.`
		);
	}
	checkContiguous([...tensors.values()], dataStart, bytes.length);
	return {
		metadata,
		tensors,
		read(name) {
			const info = tensors.get(name);
			if (!info) {
				throw new FormatError('wrong-shape', `The file has no tensor "${name}".`, { tensor: name });
			}
			return toFloat32(bytes, info);
		}
	};
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
	if (bytes.length < 8) {
		throw new FormatError(
			'corrupt-file',
			`A safetensors file has at least 8 bytes; this one has ${bytes.length}.`
		);
	}
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const headerBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
	if (headerBytes > MAX_HEADER_BYTES) {
		throw new FormatError(
			'too-large',
			`The header claims ${headerBytes} bytes; at most ${MAX_HEADER_BYTES} are read.`
		);
	}
	const dataStart = 8 + headerBytes;
	if (dataStart > bytes.length) {
		throw new FormatError(
			'corrupt-file',
			`The file ends within its header (${bytes.length} of ${dataStart} bytes).`
		);
	}
	let text: string;
	let header: unknown;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart));
		header = JSON.parse(text);
	} catch (cause) {
		throw new FormatError('corrupt-file', 'The header is not UTF-8 JSON.', {}, cause);
	}
	if (!text.startsWith('{') || !isRecord(header)) {
		throw new FormatError('corrupt-file', 'The header is not a JSON object.');
	}
	if (countTopLevelKeys(text) !== Object.keys(header).length) {
		throw new FormatError('corrupt-file', 'The header names a tensor twice.');
	}
	return { header, dataStart };
}

/** JSON.parse keeps the last of duplicate keys in silence, so keys are counted in the text itself. */
function countTopLevelKeys(text: string): number {
	let depth = 0;
	let count = 0;
	let isInString = false;
	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (isInString) {
			if (c === '\\') {
				i++;
			} else if (c === '"') {
				isInString = false;
			}
		} else if (c === '"') {
			isInString = true;
		} else if (c === '{' || c === '[') {
			depth++;
		} else if (c === '}' || c === ']') {
			depth--;
		} else if (c === ':' && depth === 1) {
			count++;
		}
	}
	return count;
}

function readMetadata(entry: unknown): Record<string, string> {
	if (!isRecord(entry) || !Object.values(entry).every((v) => typeof v === 'string')) {
		throw new FormatError('corrupt-file', '__metadata__ must map strings to strings.');
	}
	return entry as Record<string, string>; // checked above
}

function readTensorInfo(name: string, entry: unknown, dataStart: number): TensorInfo {
	if (!isRecord(entry)) {
		throw new FormatError('corrupt-file', `Tensor "${name}" has no description.`, { tensor: name });
	}
	const { dtype, shape, data_offsets: offsets } = entry;
	if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
		throw new FormatError(
			'wrong-shape',
			`Tensor "${name}" has number type ${JSON.stringify(dtype) ?? 'missing'}; F32, F16 and BF16 are read.`,
			{ tensor: name }
		);
	}
	if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isSize)) {
		throw new FormatError('corrupt-file', `Tensor "${name}" has no valid shape.`, { tensor: name });
	}
	if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isOffset)) {
		throw new FormatError('corrupt-file', `Tensor "${name}" has no valid offsets.`, {
			tensor: name
		});
	}
	let elements = 1;
	for (const size of shape as number[]) {
		elements *= size;
		if (!Number.isSafeInteger(elements)) {
			throw new FormatError('too-large', `Tensor "${name}" is larger than any file.`, {
				tensor: name
			});
		}
	}
	const [start, end] = offsets as [number, number];
	if (end - start !== elements * BYTES_PER_ELEMENT[dtype]) {
		throw new FormatError(
			'corrupt-file',
			`Tensor "${name}" of shape [${shape.join(', ')}] does not fill its ${end - start} bytes.`,
			{ tensor: name }
		);
	}
	return {
		name,
		dtype,
		shape: shape as number[],
		elements,
		start: dataStart + start,
		end: dataStart + end
	};
}

function checkContiguous(tensors: TensorInfo[], dataStart: number, fileBytes: number): void {
	let expected = dataStart;
	for (const t of tensors.sort((x, y) => x.start - y.start || x.end - y.end)) {
		if (t.start !== expected) {
			throw new FormatError(
				'corrupt-file',
				`Tensor "${t.name}" overlaps another or leaves a hole.`,
				{ tensor: t.name }
			);
		}
		expected = t.end;
	}
	if (expected !== fileBytes) {
		throw new FormatError(
			'corrupt-file',
			`The header describes ${expected} bytes, the file has ${fileBytes}.`
		);
	}
}

function toFloat32(bytes: Uint8Array, info: TensorInfo): Float32Array {
	const out = new Float32Array(info.elements);
	if (info.dtype === 'F32') {
		new Uint8Array(out.buffer).set(bytes.subarray(info.start, info.end));
		return out;
	}
	const raw = new Uint16Array(info.elements);
	new Uint8Array(raw.buffer).set(bytes.subarray(info.start, info.end));
	const bits = new Uint32Array(out.buffer);
	if (info.dtype === 'BF16') {
		for (let i = 0; i < raw.length; i++) {
			bits[i] = (raw[i] ?? 0) << 16;
		}
		return out;
	}
	for (let i = 0; i < raw.length; i++) {
		bits[i] = halfToFloatBits(raw[i] ?? 0);
	}
	return out;
}

function halfToFloatBits(h: number): number {
	const sign = (h & 0x8000) << 16;
	const exponent = (h >> 10) & 0x1f;
	const mantissa = h & 0x3ff;
	if (exponent === 0x1f) {
		return sign | 0x7f800000 | (mantissa << 13);
	}
	if (exponent !== 0) {
		return sign | ((exponent + 112) << 23) | (mantissa << 13);
	}
	if (mantissa === 0) {
		return sign;
	}
	// Subnormal half: shift the leading one into place; every such value is a normal float32.
	const shift = Math.clz32(mantissa) - 21;
	return sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
}

export interface TensorToWrite {
	name: string;
	shape: readonly number[];
	data: Float32Array;
}

/** One float32 file: `__metadata__` first with "format":"pt", tensors by name, header padded to 8 bytes. */
export function writeSafetensors(
	tensors: readonly TensorToWrite[],
	metadata: Record<string, string> = {}
): Uint8Array<ArrayBuffer> {
	const sorted = [...tensors].sort((x, y) => (x.name < y.name ? -1 : x.name > y.name ? 1 : 0));
	const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
	let offset = 0;
	for (const t of sorted) {
		const bytes = t.data.length * 4;
		header[t.name] = { dtype: 'F32', shape: t.shape, data_offsets: [offset, offset + bytes] };
		offset += bytes;
	}
	const json = JSON.stringify(header);
	const head = new TextEncoder().encode(
		json + ' '.repeat((8 - (new TextEncoder().encode(json).length % 8)) % 8)
	);
	const file = new Uint8Array(8 + head.length + offset);
	new DataView(file.buffer).setUint32(0, head.length, true);
	file.set(head, 8);
	let at = 8 + head.length;
	for (const t of sorted) {
		file.set(new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength), at);
		at += t.data.byteLength;
	}
	return file;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): boolean {
	return isOffset(value) && (value as number) <= MAX_DIMENSION;
}

function isOffset(value: unknown): boolean {
	return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
