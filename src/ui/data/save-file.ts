/** Hands a file to the person piece by piece: written to disk as it is made where the browser can do that, else in one go. */
import { download } from '../charts/chart-export';

interface Writable {
	write(piece: string | Uint8Array<ArrayBuffer>): Promise<void>;
	close(): Promise<void>;
	abort(): Promise<void>;
}

interface SavePicker {
	showSaveFilePicker(o: {
		suggestedName: string;
	}): Promise<{ createWritable(): Promise<Writable> }>;
}

type Pieces = AsyncIterable<string | Uint8Array<ArrayBuffer>>;

/** Written at once: pieces may be as short as a line. */
const BLOCK_CHARACTERS = 256 * 1024;

/** Short pieces joined. */
async function* inBlocks(pieces: Pieces): AsyncGenerator<string | Uint8Array<ArrayBuffer>> {
	let text = '';
	for await (const piece of pieces) {
		if (typeof piece !== 'string') {
			yield piece;
			continue;
		}
		text += piece;
		if (text.length >= BLOCK_CHARACTERS) {
			yield text;
			text = '';
		}
	}
	if (text !== '') {
		yield text;
	}
}

const hasPicker = (page: Window): page is Window & SavePicker => 'showSaveFilePicker' in page;

/** False where the person thought better of it. Call it from a click: the browser asks for the place. */
export async function saveFile(name: string, pieces: () => Pieces): Promise<boolean> {
	if (!hasPicker(window)) {
		const parts: BlobPart[] = [];
		for await (const block of inBlocks(pieces())) {
			parts.push(block);
		}
		download(new Blob(parts), name);
		return true;
	}
	let file: Writable;
	try {
		const handle = await window.showSaveFilePicker({ suggestedName: name });
		file = await handle.createWritable();
	} catch (cause) {
		if (cause instanceof DOMException && cause.name === 'AbortError') {
			return false;
		}
		throw cause;
	}
	try {
		for await (const block of inBlocks(pieces())) {
			await file.write(block);
		}
		await file.close();
		return true;
	} catch (cause) {
		// What was there before stays as it was.
		await file.abort().catch(() => undefined);
		throw cause;
	}
}
