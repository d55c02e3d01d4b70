/** Starts the CPU engine: kernels compiled, shards running, tested. */
import { StudioError } from '../../../src/protocol/errors';
import type { BackendSources, ComputeDevice } from '../device';
import { DEFAULT_MEMORY_LIMIT } from './heap';
import { Kernels, compileModules, type SimdLevel } from './kernels';
import { selfTest } from './self-test';
import { inThreadShard, workerShard, type ShardPort } from './shard-pool';
import { WasmDevice } from './wasm-device';

/** More share memory bandwidth and gain little. */
const MOST_SHARDS = 8;
/** A worker that has not answered by then will not: its file is blocked or missing. */
const START_TIMEOUT_MS = 10_000;

export interface WasmOptions {
	/** Default: one for each core but, from three on, one that is left to the page. */
	shards?: number;
	/** How a shard is made; default a worker, or the caller's thread where there are none. */
	makeShard?: () => ShardPort;
	/** Most bytes of each memory. */
	memoryLimit?: number;
	/** Default: the fastest that this machine runs. */
	level?: SimdLevel;
}

/** @throws StudioError 'backend-failed' saying why it cannot be used */
export async function startWasm(
	sources: BackendSources,
	o: WasmOptions = {}
): Promise<ComputeDevice> {
	if (!sources.readKernels) {
		throw new StudioError('backend-failed', 'The WebAssembly kernels are not built in.');
	}
	const modules = await compileModules(sources.readKernels);
	const level = o.level ?? (modules.relaxed ? 'relaxed' : 'simd');
	const memoryLimit = o.memoryLimit ?? DEFAULT_MEMORY_LIMIT;
	const ports = await startShards(o, (port) => port.call('start', { modules, level, memoryLimit }));
	const kernels = new Kernels(modules, level, memoryLimit);
	const makeDevice = () => new WasmDevice(kernels, modules, ports, memoryLimit);
	const tested = makeDevice();
	try {
		await selfTest(tested);
	} catch (cause) {
		tested.dispose();
		throw cause;
	}
	// The test's operations are no part of the counts.
	return makeDevice();
}

type Start = (port: ShardPort) => Promise<unknown>;

/** Workers; where they cannot be had, one shard in this thread. */
async function startShards(o: WasmOptions, start: Start): Promise<ShardPort[]> {
	const make = o.makeShard ?? (hasWorkers() ? newWorker : inThreadShard);
	const ports: ShardPort[] = [];
	try {
		for (let i = 0; i < (o.shards ?? shardCount()); i++) {
			ports.push(make());
		}
		await inTime(Promise.all(ports.map(start)));
		return ports;
	} catch (cause) {
		ports.forEach((port) => port.close());
		if (o.makeShard || make === inThreadShard) {
			throw cause;
		}
		const port = inThreadShard();
		await start(port);
		return [port];
	}
}

function hasWorkers(): boolean {
	return typeof Worker !== 'undefined';
}

function newWorker(): ShardPort {
	return workerShard(new Worker(new URL('./shard.worker.ts', import.meta.url), { type: 'module' }));
}

function shardCount(): number {
	if (!hasWorkers()) {
		return 1;
	}
	const cores = navigator.hardwareConcurrency || 1;
	return Math.min(MOST_SHARDS, cores > 2 ? cores - 1 : cores);
}

async function inTime<T>(started: Promise<T>): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(
			() => reject(new StudioError('backend-failed', 'A worker of the engine did not start.')),
			START_TIMEOUT_MS
		);
	});
	try {
		return await Promise.race([started, late]);
	} finally {
		clearTimeout(timer);
	}
}
