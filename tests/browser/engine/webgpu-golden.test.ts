/** A trained model on our own WebGPU kernels against its golden values. */
import { expect, test } from 'vitest';
import golden1m from '../../golden/stories-1m/golden.json';
import greedy1m from '../../golden/stories-1m/golden_greedy.json';
import { expectGoldenScores, expectGreedyText } from '../../support/engine-goldens';
import { loadModel, startDevice } from './load-model';

test(
	'stories-1m gives the golden log-probabilities, entropies, logits and greedy text',
	{ timeout: 240_000 },
	async () => {
		const device = await startDevice('webgpu');
		const model = await loadModel('stories-1m', device);
		await expectGoldenScores(model, golden1m);
		await expectGreedyText(model, greedy1m.slice(0, 2), 24);
		expect(device.statistics().operations.sample.readbacks).toBe(1);
		model.dispose();
	}
);
