import { expect, test } from 'vitest';
import type { Sampling } from '../../../workers/engine/language-model';
import { batchOf } from '../../../workers/engine/micro-batches';
import { loadModel, startDevice } from './load-model';

const prompt = Int32Array.of(0, 483, 481, 260, 424);
const options: Sampling = { temperature: 1, maxNew: 5, stop: [], seed: 8, first: 0 };

test(
	'commands side by side on webgpu do not disturb each other',
	{ timeout: 120_000 },
	async () => {
		const device = await startDevice('tfjs-webgpu');
		const model = await loadModel('stories-1m', device, {
			valueHeads: 1,
			heads: { kind: 'normal', seed: 4 }
		});
		const other = await loadModel('stories-1m', device);
		const prompts = Array.from({ length: 4 }, () => prompt);
		const batch = batchOf([
			{ promptIds: prompt, ids: [77, 31, 5, 6, 7, 8] },
			{ promptIds: prompt, ids: [99] }
		]);
		const alone = await model.sample(prompts, options);
		const scores = await model.score(batch, { temperature: 1 });
		const [together, , scoredBeside] = await Promise.all([
			model.sample(prompts, options),
			other.sample([prompt, prompt.slice(0, 2), prompt.slice(0, 3)], {
				...options,
				seed: 9,
				maxNew: 12
			}),
			(async () => {
				await new Promise((resolve) => setTimeout(resolve, 500));
				return model.score(batch, { temperature: 1 });
			})()
		]);
		expect(Array.from(together.ids)).toEqual(Array.from(alone.ids));
		expect(Array.from(together.behaviourLogProb)).toEqual(Array.from(alone.behaviourLogProb));
		expect(scoredBeside.value[0]).toEqual(scores.value[0]);
		expect(scoredBeside.logProb).toEqual(scores.logProb);
		model.dispose();
		other.dispose();
	}
);
