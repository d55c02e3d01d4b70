/** A rollout on all shards: each draws its own rows to their ends, a few tokens a call. */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { StudioError } from '../../../src/protocol/errors';
import type { Sampled, Sampling } from '../language-model';
import { assertFits, rolloutBytes } from './memory-plan';
import type { SampledRows } from './shard-protocol';
import { assertTokens } from './slices';
import type { ShardedModel } from './sharded-model';
import type { WasmDevice } from './wasm-device';

/** Tokens a row between two looks at the signal, */
const MOST_STEPS = 8;
/** and tokens times parameters: about 50 ms where the thread that computes must also answer. */
const STEP_WORK = 1e9;

/** @param parameters Numbers in the model. */
export async function rollOut(
	prompts: readonly Int32Array[],
	o: Sampling,
	config: ModelConfig,
	parameters: number,
	model: ShardedModel,
	device: WasmDevice
): Promise<Sampled> {
	const B = prompts.length;
	const promptLength = Int32Array.from(prompts, (p) => p.length);
	const shortest = Math.min(...promptLength);
	if (shortest < 1) {
		throw new StudioError('internal', 'Every prompt needs at least one token to read from.');
	}
	prompts.forEach((prompt) => assertTokens(prompt, config.vocabSize));
	const T = Math.min(Math.max(...promptLength) + o.maxNew, config.maxPositions);
	const ids = new Int32Array(B * T);
	prompts.forEach((p, b) => ids.set(p.subarray(0, T), b * T));
	const sampled: Sampled = {
		...{ B, T, ids, promptLength, length: promptLength.slice() },
		behaviourLogProb: new Float64Array(B * T),
		stopped: new Uint8Array(B)
	};
	const shards = Math.min(device.shards, B);
	assertFits(
		B,
		model.fixedBytes,
		(rows) => rolloutBytes(config, Math.ceil(rows / shards), T),
		device.memoryLimit
	);
	const session = device.newId();
	const done = new Int32Array(shards);
	try {
		await device.onEachShard(async (shard) => {
			const first = Math.floor((shard * B) / shards);
			const end = Math.floor(((shard + 1) * B) / shards);
			if (shard >= shards || end === first) {
				return;
			}
			await model.ask(shard, 'startSample', {
				...{ session, prompts: prompts.slice(first, end), capacity: T },
				rowNumbers: Array.from({ length: end - first }, (_, i) => o.first + first + i),
				...{ maxNew: o.maxNew, temperature: o.temperature, stop: o.stop, seed: o.seed },
				...{ topK: o.topK ?? 0, topP: o.topP ?? 1 }
			});
			const work = parameters * (end - first);
			const most = Math.min(MOST_STEPS, Math.max(1, Math.floor(STEP_WORK / work)));
			for (;;) {
				await device.breathe(o.signal);
				const { steps, sampled: rows } = await model.advance(shard, session, most);
				done[shard] = rows ? T - shortest : (done[shard] ?? 0) + steps;
				o.onToken?.(Math.min(...done), T - shortest);
				if (rows) {
					device.busy('sample', () => putRows(sampled, rows, first));
					return;
				}
			}
		});
	} finally {
		model.end(session);
	}
	return sampled;
}

/** The rows of one shard into the whole, from row `first` on. */
function putRows(to: Sampled, rows: SampledRows, first: number): void {
	let from = 0;
	rows.counts.forEach((count, i) => {
		const b = first + i;
		const at = b * to.T + (to.promptLength[b] ?? 0);
		to.ids.set(rows.ids.subarray(from, from + count), at);
		to.behaviourLogProb.set(rows.logProb.subarray(from, from + count), at);
		to.length[b] = (to.promptLength[b] ?? 0) + count;
		to.stopped[b] = rows.stopped[i] ?? 0;
		from += count;
	});
}
