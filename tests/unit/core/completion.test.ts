import { describe, expect, test } from 'vitest';
import { cutAtSentenceEnd, sentenceEnds } from '../../../src/core/completion';

const END_OF_TEXT = '<|endoftext|>';

/** What is kept of a text given as its tokens. */
function kept(tokens: readonly string[]): string {
	const vocabulary = [...new Set([END_OF_TEXT, ...tokens])];
	const ids = tokens.map((token) => vocabulary.indexOf(token));
	const table = sentenceEnds(vocabulary);
	const count = cutAtSentenceEnd(ids, table, (id) => vocabulary[id] ?? '', [0]);
	return tokens.slice(0, count).join('');
}

describe('sentenceEnds', () => {
	test('marks tokens whose text closes a sentence, with quotes and space after it', () => {
		const tokens = ['.', '!', ' ?', '."', '.\n\n', '...', '”', ' the', ',', '"', ',"', '. The', ''];
		expect([...sentenceEnds(tokens)]).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
	});
});

describe('cutAtSentenceEnd', () => {
	test('drops what follows the last sentence end', () => {
		expect(kept([' He', ' ran', '.', ' She', ' saw', '!', ' Then', ' a'])).toBe(
			' He ran. She saw!'
		);
	});

	test('keeps a closing quote that follows, and not a quote that opens', () => {
		expect(kept([' "', 'Hi', '!', '"', ' said'])).toBe(' "Hi!"');
		expect(kept([' He', ' ran', '.', ' "', 'Hi'])).toBe(' He ran.');
		expect(kept([' "', 'Hi', '!"', ' said'])).toBe(' "Hi!"');
	});

	test('does not take Mr., Mrs. or Dr. for the end of a sentence', () => {
		expect(kept([' Go', '.', ' M', 'r', '.', ' Bear', ' sat'])).toBe(' Go.');
		expect(kept([' Go', '.', ' M', 'rs', '.'])).toBe(' Go.');
		expect(kept([' Go', '.', ' Dr', '.', ' Owl'])).toBe(' Go.');
		expect(kept([' a', ' farmr', '.', ' He'])).toBe(' a farmr.');
	});

	test('does not cut inside a number', () => {
		expect(kept([' So', '.', ' It', ' is', ' 3', '.', '5', ' feet'])).toBe(' So.');
	});

	test('keeps everything where no sentence ends', () => {
		expect(kept([' He', ' ran', ' and'])).toBe(' He ran and');
		expect(kept([' Mr', '.', ' Bear'])).toBe(' Mr. Bear');
		expect(kept([])).toBe('');
	});

	test('keeps everything when the text ended by itself', () => {
		expect(kept([' The', ' end', '.', ' Bye', END_OF_TEXT])).toBe(` The end. Bye${END_OF_TEXT}`);
		expect(kept([END_OF_TEXT])).toBe(END_OF_TEXT);
	});
});
