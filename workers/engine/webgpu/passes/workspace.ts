/**
 * The buffers that a pass works in. Models of equal shape share one workspace, because passes never overlap; it grows when a larger batch
 * comes, and not otherwise. A model that only scores keeps one layer's activations, not all.
 */
import { StudioError } from '../../../../src/protocol/errors';
import { attentionTile } from '../kernels/attention';
import { shapeKey, type DecoderShape } from '../kernels/decoder-shape';
import type { BufferRange, GpuRuntime } from '../gpu-runtime';
import {
	coefficientSections,
	tokenSections,
	type CoefficientSections,
	type TokenSections
} from './packed-batch';
import {
	NO_CAPACITY,
	POSITION_STEP,
	ROW_STEP,
	assertFits,
	planFor,
	roundUp,
	type Capacity,
	type LayerBuffer,
	type SharedBuffer
} from './workspace-plan';
import { PASS_BYTES } from '../kernels/pass-uniform';

const UNIFORM_STRIDE = 256;

export class Workspace {
	/** Changes whenever buffers do; bind groups made for another version are void. */
	version = 0;
	/** Largest pass since the buffers were made, for the share in use. */
	#largestPass = 0;
	readonly #runtime: GpuRuntime;
	readonly #shape: DecoderShape;
	readonly #buffers = new Map<string, GPUBuffer>();
	#uniforms: GPUBuffer | null = null;
	#capacity = NO_CAPACITY;
	#partPositions = 0;

	constructor(runtime: GpuRuntime, shape: DecoderShape) {
		this.#runtime = runtime;
		this.#shape = shape;
	}

	get capacity(): Readonly<Capacity> {
		return this.#capacity;
	}

	/** Positions in one part of the vocabulary head. */
	get partPositions(): number {
		return this.#partPositions;
	}

	/** Parts that the vocabulary head may have. */
	get parts(): number {
		const { positions, rows } = this.#capacity;
		return Math.ceil(Math.max(positions, rows) / Math.max(1, this.#partPositions));
	}

	get tokenSections(): TokenSections {
		return tokenSections(this.#capacity.positions, this.#capacity.rows, attentionTile(this.#shape));
	}

	get coefficientSections(): CoefficientSections {
		return coefficientSections(this.#capacity.positions, this.#capacity.valueHeads);
	}

	/** Bytes that the passes have had no use for. */
	get idleBytes(): number {
		const { positions } = this.#capacity;
		const share = positions === 0 ? 0 : 1 - this.#largestPass / positions;
		return share * this.#bytes();
	}

	/**
	 * Makes room for `need`, and keeps what room there is.
	 * @param extra Bytes that the caller will allocate next.
	 * @throws StudioError 'out-of-memory' before anything is allocated, with the largest batch of such rows that fits
	 */
	ensure(need: Capacity, extra = 0): void {
		const now = this.#capacity;
		const target: Capacity = {
			positions: Math.max(now.positions, roundUp(need.positions, POSITION_STEP)),
			rows: Math.max(now.rows, roundUp(need.rows, ROW_STEP)),
			columns: Math.max(now.columns, 2 ** Math.ceil(Math.log2(Math.max(64, need.columns)))),
			valueHeads: Math.max(now.valueHeads, need.valueHeads),
			vectorFloats: Math.max(now.vectorFloats, need.vectorFloats),
			isTraining: now.isTraining || need.isTraining,
			split: Math.max(now.split, need.split)
		};
		const isEnough = (Object.keys(target) as (keyof Capacity)[]).every((k) => target[k] === now[k]);
		if (!isEnough || extra > 0) {
			this.#assertFits(isEnough ? now : target, need, extra);
		}
		this.#largestPass = Math.max(this.#largestPass, need.positions);
		if (!isEnough) {
			this.#allocate(target);
		}
	}

	/** A layer's buffer; models that only score have one for all layers. */
	layer(layer: number, name: LayerBuffer): BufferRange {
		return { buffer: this.#get(`${this.#capacity.isTraining ? layer : 0}.${name}`) };
	}

	shared(name: SharedBuffer): BufferRange {
		return { buffer: this.#get(name) };
	}

	/** From a float on, to another or the end. */
	section(name: SharedBuffer, start: number, end?: number): Required<BufferRange> {
		const buffer = this.#get(name);
		return { buffer, offset: 4 * start, size: (end ? 4 * end : buffer.size) - 4 * start };
	}

	/** The numbers of a whole pass (0) or of a part of the vocabulary head (from 1). */
	uniform(slot: number): Required<BufferRange> {
		return { buffer: this.uniforms, offset: slot * UNIFORM_STRIDE, size: PASS_BYTES };
	}

	get uniforms(): GPUBuffer {
		if (!this.#uniforms) {
			throw new StudioError('internal', 'The workspace has no buffers yet.');
		}
		return this.#uniforms;
	}

	free(): void {
		const { memory } = this.#runtime;
		this.#buffers.forEach((buffer) => memory.free(buffer));
		this.#buffers.clear();
		if (this.#uniforms) {
			memory.free(this.#uniforms);
		}
		this.#uniforms = null;
		this.#capacity = NO_CAPACITY;
		this.#largestPass = 0;
	}

	#get(name: string): GPUBuffer {
		const buffer = this.#buffers.get(name);
		if (!buffer) {
			throw new StudioError('internal', `The workspace has no buffer ${name}.`);
		}
		return buffer;
	}

	#bytes(): number {
		let bytes = 0;
		this.#buffers.forEach((buffer) => (bytes += buffer.size));
		return bytes;
	}

	#allocate(target: Capacity): void {
		const { memory } = this.#runtime;
		const pass = this.#largestPass;
		this.free();
		this.#largestPass = pass;
		const plan = planFor(this.#shape, target, this.#runtime.logitsBytes);
		const make = (label: string, bytes: number) =>
			this.#buffers.set(label, memory.storage({ label, bytes }));
		for (let layer = 0; layer < plan.layers; layer++) {
			Object.entries(plan.layer).forEach(([name, bytes]) => make(`${layer}.${name}`, bytes));
		}
		Object.entries(plan.shared).forEach(([name, bytes]) => make(name, bytes));
		this.#capacity = target;
		this.#partPositions = plan.partPositions;
		this.#uniforms = memory.uniform('pass', UNIFORM_STRIDE * (this.parts + 1));
		this.#writeRope(target.columns);
		this.version++;
	}

	/** Angles position * theta^(-2i/headDim) in float64: cosine and sine of each pair. */
	#writeRope(columns: number): void {
		const { headDim, theta } = this.#shape;
		const half = headDim / 2;
		const table = new Float32Array(columns * headDim);
		for (let t = 0; t < columns; t++) {
			for (let i = 0; i < half; i++) {
				const angle = t * theta ** (-i / half);
				table[t * headDim + 2 * i] = Math.cos(angle);
				table[t * headDim + 2 * i + 1] = Math.sin(angle);
			}
		}
		this.#runtime.write(this.#get('rope'), table);
	}

	#assertFits(target: Capacity, need: Capacity, extra: number): void {
		const { memory, gpu, logitsBytes } = this.#runtime;
		assertFits(this.#shape, target, need, {
			otherBytes: memory.allocatedBytes - this.#bytes() + extra,
			largestBinding: memory.largestBinding,
			maxBufferSize: gpu.device.limits.maxBufferSize,
			logitsBytes
		});
	}
}

interface Shared {
	workspace: Workspace;
	users: number;
}

const workspaces = new WeakMap<GpuRuntime, Map<string, Shared>>();

/** The workspace of all models of this shape; give it back with `releaseWorkspace`. */
export function acquireWorkspace(runtime: GpuRuntime, shape: DecoderShape): Workspace {
	const ofRuntime = workspaces.get(runtime) ?? new Map<string, Shared>();
	workspaces.set(runtime, ofRuntime);
	const key = shapeKey(shape);
	const shared = ofRuntime.get(key) ?? { workspace: new Workspace(runtime, shape), users: 0 };
	ofRuntime.set(key, shared);
	shared.users++;
	return shared.workspace;
}

export function releaseWorkspace(runtime: GpuRuntime, shape: DecoderShape): void {
	const shared = workspaces.get(runtime)?.get(shapeKey(shape));
	if (shared && --shared.users === 0) {
		shared.workspace.free();
		workspaces.get(runtime)?.delete(shapeKey(shape));
	}
}

/** Bytes of a runtime's workspaces that no pass has had a use for. */
export function idleWorkspaceBytes(runtime: GpuRuntime): number {
	let bytes = 0;
	workspaces.get(runtime)?.forEach(({ workspace }) => (bytes += workspace.idleBytes));
	return bytes;
}
