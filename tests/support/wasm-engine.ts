/** The CPU engine in Node: no workers there, so shards compute in the test's thread, or behind a message port that clones like one. */
import type { ModelConfig } from '../../src/core/formats/model-config';
import { serve } from '../../src/protocol/rpc';
import type { ComputeDevice } from '../../workers/engine/device';
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
