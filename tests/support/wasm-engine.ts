/** The CPU engine in Node: no workers there, so shards compute in the test's thread, or behind a message port that clones like one. */
import type { ModelConfig } from '../../src/core/formats/model-config';
import type { Loss } from '../../src/core/methods/loss';
import { Random } from '../../src/core/random';
import { serve } from '../../src/protocol/rpc';
import { SCALAR_HEADS, trunkShapes } from '../../workers/engine/decoder-parameters';
import type { ComputeDevice } from '../../workers/engine/device';
import type { LanguageModel } from '../../workers/engine/language-model';
import { Parameters } from '../../workers/engine/parameters';
import { Shard } from '../../workers/engine/wasm/shard';
import { inThreadShard, workerShard } from '../../workers/engine/wasm/shard-pool';
import type { ShardCommands, ShardEvent } from '../../workers/engine/wasm/shard-protocol';
import { startWasm, type WasmOptions } from '../../workers/engine/wasm/start';
import { wasmPaths } from './engine';
import { makePortPair, type PortPair } from './port-pair';
import { readKernels } from './wasm-modules';

/** Odd sizes everywhere: no dimension is a multiple of four but by need. */
export const ODD_CONFIG: ModelConfig = {
	vocabSize: 37,
	hiddenSize: 18,
	intermediateSize: 29,
	layers: 2,
	heads: 6,
	kvHeads: 2,
	headDim: 6,
	maxPositions: 64,
	rmsNormEps: 1e-5,
	ropeTheta: 1000,
	tiedEmbeddings: false,
	bosId: null,
	eosIds: [],
	padId: null,
	valueHeads: 3
};

/** A fresh decoder with random weights of unit-sized states. */
export function randomParameters(config: ModelConfig, seed = 1): Parameters {
	const random = new Random(seed);
	const shapes: [string, number[]][] = trunkShapes(config);
	if (config.valueHeads > 0) {
		shapes.push([SCALAR_HEADS, [config.valueHeads, config.hiddenSize]]);
	}
	return new Parameters(
		shapes.map(([name, shape]) => {
			const [rows = 1, width = 0] = shape;
			const count = shape.length > 1 ? rows * width : rows;
			const spread = shape.length > 1 ? 1 / Math.sqrt(width) : 0.2;
			const centre = shape.length > 1 ? 0 : 1;
			return {
				name,
				shape,
				group: name === SCALAR_HEADS ? 'heads' : 'trunk',
				values: Float32Array.from({ length: count }, () => centre + random.normal() * spread)
			};
		})
	);
}

export function startTestWasm(o: WasmOptions = {}): Promise<ComputeDevice> {
	return startWasm({ wasmPaths, readKernels }, { makeShard: inThreadShard, ...o });
}

/** Shards behind ports that clone and transfer; `pairs` are their wires. */
export async function startPortWasm(
	shards: number
): Promise<{ device: ComputeDevice; pairs: PortPair[] }> {
	const pairs: PortPair[] = [];
	const device = await startTestWasm({
		shards,
		makeShard: () => {
			const pair = makePortPair();
			pairs.push(pair);
			const shard = new Shard((event) => emit(event));
			const emit = serve<ShardCommands, ShardEvent>(pair.worker, shard.handlers);
			return workerShard(pair.page);
		}
	});
	return { device, pairs };
}

/** Mean negative log-likelihood of everything after the first token. */
export const nll: Loss = (scores, batch) => {
	const dLogProb = new Float64Array(batch.B * batch.T);
	const tokens = batch.length.reduce((sum, n) => sum + n - 1, 0);
	let loss = 0;
	for (let b = 0; b < batch.B; b++) {
		for (let t = 1; t < (batch.length[b] ?? 0); t++) {
			loss -= (scores.logProb[b * batch.T + t] ?? NaN) / tokens;
			dLogProb[b * batch.T + t] = -1 / tokens;
		}
	}
	return { loss, metrics: {}, dLogProb };
};

/** The bits of a model: weights, and with `optimizer` moments and step counts. */
export async function bitsOf(
	model: LanguageModel,
	optimizer = false
): Promise<Map<string, Uint32Array>> {
	const bits = new Map<string, Uint32Array>();
	for await (const { name, data } of model.save({ optimizer })) {
		bits.set(name, new Uint32Array(data.slice().buffer));
	}
	return bits;
}
