import { describe, expect, test } from 'vitest';
import { DARK_KINDS, DARK_WORD_COUNT, darkKinds } from '../../../../src/core/feedback/dark-words';

describe('darkKinds', () => {
	test('finds each kind once, in any case and beside punctuation, whichever text it stands in', () => {
		expect(
			darkKinds(['The knight KILLED it.', '“Dead!” he said, and the dead wolf bled.'])
		).toEqual(['violence', 'death']);
		expect(darkKinds(['a killer-whale', 'the corpse’s hand', "the corpse's hand"])).toEqual([
			'violence',
			'death'
		]);
	});

	test('whole words only', () => {
		expect(
			darkKinds(['Essex, Middlesex, skill, diet, deadline, begun, raped0, gravel, assaulting2'])
		).toEqual([]);
		expect(darkKinds(['She told him to be brave, and they shared the cake.'])).toEqual([]);
		expect(darkKinds([])).toEqual([]);
		expect(darkKinds([''])).toEqual([]);
	});

	test('letters of other scripts and accents belong to their words', () => {
		expect(darkKinds(['Mélodie died'])).toEqual(['death']);
		expect(darkKinds(['dièd', 'убил', 'sexé'])).toEqual([]);
	});

	test('every kind is found by one of its words, and the list is as long as counted by hand', () => {
		const examples = ['murder', 'funeral', 'naked', 'nazi', 'suicide', 'drunk'];
		expect(examples.map((word) => darkKinds([word])).flat()).toEqual(DARK_KINDS);
		expect(DARK_WORD_COUNT).toBe(168);
	});
});
