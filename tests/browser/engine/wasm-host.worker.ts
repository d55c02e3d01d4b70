/** A worker that runs the CPU engine as the trainer does: its shards are workers of a worker. */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { serve, type Handlers } from '../../../src/protocol/rpc';
import { batchOf } from '../../../workers/engine/micro-batches';
import { inThreadShard } from '../../../workers/engine/wasm/shard-pool';
import type { SimdLevel } from '../../../workers/engine/wasm/kernels';
import { startWasm } from '../../../workers/engine/wasm/start';
import { readKernels } from './load-model';
import { bitsOf, nll, randomParameters } from '../../support/random-decoder';

const config: ModelConfig = {
	...{ vocabSize: 300, hiddenSize: 64, intermediateSize: 172, layers: 3, heads: 4, kvHeads: 2 },
	...{ headDim: 16, maxPositions: 128, rmsNormEps: 1e-5, ropeTheta: 10_000 },
	...{ tiedEmbeddings: true, bosId: null, eosIds: [], padId: null, valueHeads: 1 }
};

interface Where {
	/** 0: in this thread. */
	workers: number;
	level: SimdLevel;
}

export interface HostCommands {
	/** Kernels in use, weights and moments after some steps, and a rollout. */
	train: {
		args: Where & { steps: number };
		result: {
			kernels: Record<string, string>;
			bits: Map<string, Uint32Array>;
			ids: Int32Array;
			logProb: Float64Array;
		};
	};
	/** Trains until stopped; answers with the steps it made. */
	trainOn: { args: Where; result: number };
	ping: { args: null; result: null };
}

const batch = batchOf(
	Array.from({ length: 24 }, (_, b) => ({
		promptIds: [1 + b],
		ids: Array.from({ length: 40 + b }, (_, t) => (b * 37 + t * 11) % config.vocabSize)
	}))
);
const stepOptions = { lr: { trunk: 1e-3, heads: 1e-3 }, clipNorm: 1, weightDecay: 0.1 };

async function start({ workers, level }: Where) {
	const device = await startWasm(
		{ wasmPaths: { plain: '', simd: '' }, readKernels },
		workers > 0 ? { shards: workers, level } : { shards: 1, level, makeShard: inThreadShard }
	);
	return { device, model: await device.createModel(config, randomParameters(config)) };
}

const handlers: Handlers<HostCommands> = {
	train: async ({ steps, ...where }) => {
		const { device, model } = await start(where);
		for (let i = 0; i < steps; i++) {
			await model.backward(batch, nll, { temperature: 1 });
			await model.step(stepOptions);
		}
		const prompts = [Int32Array.of(3, 5), Int32Array.of(9), Int32Array.of(4, 4, 4)];
		const sampled = await model.sample(prompts, {
			...{ temperature: 0.9, maxNew: 30, stop: [7], seed: 2, first: 0 }
		});
		const result = {
			kernels: device.statistics().kernels,
			bits: await bitsOf(model, true),
			ids: sampled.ids,
			logProb: sampled.behaviourLogProb
		};
		device.dispose();
		return result;
	},
	trainOn: async (where, { signal }) => {
		const { device, model } = await start(where);
		let steps = 0;
		try {
			for (;;) {
				await model.backward(batch, nll, { temperature: 1, signal });
				await model.step(stepOptions);
				steps++;
			}
		} catch (cause) {
			if (!signal.aborted) {
				throw cause;
			}
			return steps;
		} finally {
			device.dispose();
		}
	},
	ping: () => Promise.resolve(null)
};

serve<HostCommands, never>(self, handlers);
