import { describe, expect, test } from 'vitest';
import {
	AnnotatorModel,
	fitAnnotator,
	type AnnotatorModelConfig,
	type ReferencePair
} from '../../../../src/core/feedback/annotator-model';
import { ANNOTATOR_PRESETS, presetSettings } from '../../../../src/core/feedback/annotator-presets';
import { readAnnotator } from '../../../../src/core/feedback/annotator-reading';

const PAIRS: ReferencePair[] = [
	['They were happy and glad.', 'It rained.'],
	['The dog cried because it was lost and sad.', 'They smiled at the sun.'],
	['The boy and the girl had fun.', 'The cat sat on the mat and then it went home.'],
	['"Hello," said Tim. "Come in."', 'A tree stood there. A tree stood there.']
];

const always = (change: Partial<AnnotatorModelConfig>): AnnotatorModelConfig => ({
	reward: { weights: { sentiment: 1 }, rules: [] },
	temperature: 0,
	lapse: 0,
	tieThreshold: 0,
	lengthBias: 0,
	positionBias: 0,
	drift: null,
	seed: 5,
	...change
});
const read = (config: AnnotatorModelConfig, before = 0, pairs = PAIRS) =>
	readAnnotator(AnnotatorModel.fitted(config, PAIRS), pairs, before);

describe('readAnnotator', () => {
	test('one without faults names the better one, calls equals a tie and repeats itself', () => {
		const reading = read(always({}));
		// The last pair has no mood word on either side.
		expect(reading).toEqual({
			coin: 0,
			better: 1,
			ties: 0.25,
			left: 0.5,
			same: 1,
			pairs: 4
		});
	});

	test('a coin in every answer: half right, half left, the same in half', () => {
		const reading = read(always({ lapse: 1 }));
		expect(reading).toEqual({ coin: 1, better: 0.5, ties: 0, left: 0.5, same: 0.5, pairs: 4 });
	});

	test('lapses by hand: l/2 of the answers name the worse one', () => {
		const { better, same, coin } = read(always({ lapse: 0.2 }), 0, PAIRS.slice(0, 3));
		expect(coin).toBe(0.2);
		expect(better).toBeCloseTo(0.9, 12);
		expect(same).toBeCloseTo(0.9 ** 2 + 0.1 ** 2, 12);
	});

	test('one that always picks left never repeats itself when sides are swapped', () => {
		const reading = read({ ...presetSettings('always-left'), seed: 1 });
		expect(reading).toMatchObject({ left: 1, same: 0, better: null, ties: 0 });
	});

	test('drift: more coins by the end of it than at the start', () => {
		const tires = { ...presetSettings('tires'), seed: 1 };
		expect(read(tires, 0).coin).toBe(0.01);
		expect(read(tires, 50).coin).toBeCloseTo(0.255, 12);
		expect(read(tires, 1000).coin).toBe(0.5);
	});

	test('nothing to read on', () => {
		expect(() => read(always({}), 0, [])).toThrow(RangeError);
	});
});

test('every preset can be fitted, and answers the same from its stored settings', () => {
	for (const preset of ANNOTATOR_PRESETS) {
		const config = { ...presetSettings(preset), seed: 9 };
		const scale = fitAnnotator(config, PAIRS);
		const stored = JSON.parse(JSON.stringify({ config, scale })) as {
			config: typeof config;
			scale: typeof scale;
		};
		const answers = (model: AnnotatorModel) =>
			PAIRS.map(([aText, bText], i) =>
				model.answer({
					...{ prompt: 'Once', aText, bText, occasion: 0, answersBefore: i },
					aSide: 'left'
				})
			);
		const before = answers(new AnnotatorModel(config, scale));
		expect(answers(new AnnotatorModel(stored.config, stored.scale))).toEqual(before);
		expect(answers(AnnotatorModel.fitted(config, PAIRS))).toEqual(before);
	}
});

test('a copy of a preset is fresh: changing it changes no other', () => {
	presetSettings('own-rules').reward.rules = [];
	expect(presetSettings('own-rules').reward.rules).toHaveLength(3);
});
