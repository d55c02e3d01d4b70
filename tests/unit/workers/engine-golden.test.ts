import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ComputeDevice } from '../../../workers/engine/device';
import { batchOf } from '../../../workers/engine/micro-batches';
import { loadTestModel, startTestDevice } from '../../support/engine';
import {
	expectGoldenScores,
	expectGreedyText,
	largestDifference,
	type Golden,
	type GreedyGolden
} from '../../support/engine-goldens';

const shelf = process.env['TILLER_SHELF'];
const json = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T; // golden files, read as written

describe.each(['cpu', 'tfjs-wasm', 'wasm'] as const)('on %s', (backend) => {
	let device: ComputeDevice;
	beforeAll(async () => {
		device = await startTestDevice(backend);
	});

	test.each(['stories-1m', 'stories-2.6m'])(
		'%s gives the golden log-probabilities, entropies, logits and greedy text',
		{ timeout: 120_000 },
		async (name) => {
			const { model } = await loadTestModel(`public/models/${name}`, device);
			await expectGoldenScores(model, json<Golden>(`tests/golden/${name}/golden.json`));
			await expectGreedyText(
				model,
				json<GreedyGolden[]>(`tests/golden/${name}/golden_greedy.json`)
			);
			model.dispose();
		}
	);

	test('a bfloat16 model with grouped-query attention gives its golden logits', async () => {
		const { model } = await loadTestModel('tests/golden/hf-llama-tiny', device);
		const golden = json<{ ids: number[]; logits_last: number[]; argmax: number[] }>(
			'tests/golden/hf-llama-tiny/golden.json'
		);
		const batch = batchOf([{ promptIds: golden.ids.slice(0, 1), ids: golden.ids.slice(1) }]);
		const logits = await model.logits(batch, golden.ids.length - 1);
		expect(largestDifference(logits, golden.logits_last)).toBeLessThanOrEqual(1e-3);
		for (const [column, id] of golden.argmax.entries()) {
			const row = await model.logits(batch, column);
			expect(row.indexOf(Math.max(...row))).toBe(id);
		}
		model.dispose();
	});

	test.skipIf(!shelf)(
		'stories260k, a third-party model with a tokenizer of another kind (needs TILLER_SHELF)',
		async () => {
			const folder = join(shelf ?? '', 'fixtures/hf/stories260k');
			const { model, tokenizer } = await loadTestModel(folder, device);
			const golden = json<{ ids: number[]; text: string }>(join(folder, 'golden_greedy.json'));
			const sampled = await model.sample([Int32Array.from(golden.ids.slice(0, 1))], {
				temperature: 0,
				maxNew: golden.ids.length - 1,
				stop: [],
				seed: 1,
				first: 0
			});
			expect(Array.from(sampled.ids)).toEqual(golden.ids);
			expect(
				tokenizer
					?.decode(golden.ids)
					.trim()
					.startsWith('Once upon a time, there was a little girl named Lily.')
			).toBe(true);
			model.dispose();
		}
	);
});
