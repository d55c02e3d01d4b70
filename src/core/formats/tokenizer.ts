/**
 * Text to token ids and back, on `@huggingface/tokenizers`. Special tokens are never added by the library: the caller puts the
 * beginning-of-text id where the model wants it (`promptIds`).
 */
import { Tokenizer } from '@huggingface/tokenizers';
import { FormatError } from './format-error';
import type { ModelConfig } from './model-config';

const MAX_TOKENIZER_CHARACTERS = 64_000_000;

export interface TextTokenizer {
	/** No special tokens added. */
	encode(text: string): number[];
	/** Beginning-of-text id, where the model has one, then the text. */
	promptIds(text: string): number[];
	/** Special tokens are left out. */
	decode(ids: readonly number[]): string;
	/** The text of every single id; bytes that are no whole character become U+FFFD. */
	readonly tokenTexts: readonly string[];
}

/** @throws FormatError 'corrupt-file' | 'tokenizer-mismatch' | 'too-large' */
export function createTokenizer(text: string, config: ModelConfig): TextTokenizer {
	if (text.length > MAX_TOKENIZER_CHARACTERS) {
		throw new FormatError('too-large', 'tokenizer.json is larger than any tokenizer.');
	}
	let tokenizer: Tokenizer;
	let lastId: number;
	try {
		const json = JSON.parse(text) as object; // the library checks the members
		tokenizer = new Tokenizer(json, {});
		lastId = Math.max(...tokenizer.get_vocab().values());
	} catch (cause) {
		throw new FormatError('corrupt-file', 'tokenizer.json cannot be read.', {}, cause);
	}
	if (lastId >= config.vocabSize) {
		throw new FormatError(
			'tokenizer-mismatch',
			`The tokenizer has id ${lastId}, the model only ids below ${config.vocabSize}.`,
			{ lastId, vocabSize: config.vocabSize }
		);
	}
	const decode = (ids: readonly number[]) =>
		tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
	const encode = (value: string) => tokenizer.encode(value, { add_special_tokens: false }).ids;
	const tokenTexts = Array.from({ length: config.vocabSize }, (_, id) =>
		tokenizer.id_to_token(id) === undefined ? '' : decode([id])
	);
	return {
		encode,
		promptIds: (value) =>
			config.bosId === null ? encode(value) : [config.bosId, ...encode(value)],
		decode,
		tokenTexts
	};
}
