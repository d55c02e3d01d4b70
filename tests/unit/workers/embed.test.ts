import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { embedTexts, prefixLengths } from '../../../workers/embed';
import { batchOf } from '../../../workers/engine/micro-batches';
import { loadTestModel, startTestDevice } from '../../support/engine';
import { startNodeTrainer } from '../../support/node-trainer';

const MODEL = fileURLToPath(new URL('../../../public/models/stories-1m', import.meta.url));
const TEXT = { promptIds: [0, 300, 301], ids: [400, 401, 402, 403, 404, 405, 406, 407] };

test('prefixes are evenly spaced, end with the whole, and are fewer where there are fewer tokens', () => {
	expect(prefixLengths(40)).toEqual([10, 20, 30, 40]);
	expect(prefixLengths(3)).toEqual([1, 2, 3]);
	expect(prefixLengths(1)).toEqual([1]);
	expect(prefixLengths(0)).toEqual([]);
});

test('features are the mean of the states at the ends of the prefixes, whatever stands beside a text', async () => {
	const device = await startTestDevice('tfjs-wasm');
	const { model } = await loadTestModel(MODEL, device);
	const d = model.config.hiddenSize;
	const states = await Promise.all(
		[2, 4, 6, 8].map(async (n) => {
			const row = { ...TEXT, ids: TEXT.ids.slice(0, n) };
			const { hidden } = await model.score(batchOf([row]), { temperature: 1, want: ['hidden'] });
			return hidden ?? new Float64Array();
		})
	);
	const expected = Array.from({ length: d }, (_, k) =>
		states.reduce((sum, state) => sum + (state[k] ?? NaN) / states.length, 0)
	);
	const short = { promptIds: [0, 9], ids: [11] };
	const empty = { promptIds: [0, 9], ids: [] };
	const features = await embedTexts(model, [short, TEXT, empty]);
	expect(features).toHaveLength(3 * d);
	const ofText = Array.from(features.subarray(d, 2 * d));
	const scale = Math.max(...expected.map(Math.abs));
	ofText.forEach((value, k) =>
		expect(Math.abs(value - (expected[k] ?? NaN))).toBeLessThan(1e-5 * scale)
	);
	const { hidden: atPrompt } = await model.score(batchOf([empty]), {
		temperature: 1,
		want: ['hidden']
	});
	expect(features[2 * d]).toBeCloseTo(atPrompt?.[0] ?? NaN, 4);
	expect(await embedTexts(model, [])).toHaveLength(0);
	model.dispose();
	device.dispose();
});

test('a text typed by a person becomes tokens that read as that text, and must fit the context', async () => {
	const trainer = await startNodeTrainer();
	await trainer.call('load', { model: 'stories-1m', backend: 'tfjs-wasm' });
	const text = ' The cat was “happy” – and so was Zoë.';
	const [written] = await trainer.call('sample', {
		writer: { model: 'stories-1m', policyId: null },
		prompts: ['Once'],
		perPrompt: 1,
		sampling: { temperature: 1, maxNew: 4, topK: 0, topP: 1, cutAtSentence: false },
		seed: 1,
		first: 0
	});
	const { promptIds = [], ids: writtenIds = [], text: writtenText = '' } = written ?? {};
	const items = [
		{ promptIds, text },
		{ promptIds, text: writtenText }
	];
	const { ids } = await trainer.call('encode', { model: 'stories-1m', items });
	// Encoding what was decoded gives text that decodes to the same, though a model may spell it with other tokens.
	expect(ids[1]?.length).toBeLessThanOrEqual(writtenIds.length);
	expect(ids[0]?.length).toBeGreaterThan(5);
	const { features, dimension } = await trainer.call('embed', {
		model: 'stories-1m',
		items: [{ promptIds, ids: ids[0] ?? [] }]
	});
	expect(features).toHaveLength(dimension);
	expect(features.every(Number.isFinite)).toBe(true);
	const tooLong = [{ promptIds, text: ' cat'.repeat(300) }];
	await expect(
		trainer.call('encode', { model: 'stories-1m', items: tooLong })
	).rejects.toMatchObject({ code: 'too-large' });
});
