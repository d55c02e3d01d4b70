/**
 * The buffers that a pass works in. Models of equal shape share one workspace, because passes never overlap; it grows when a larger batch
 * comes, and not otherwise. A model that only scores keeps one layer's activations, not all.
 */
import { StudioError } from '../../../../src/protocol/errors';
import { attentionTile } from '../kernels/attention';
import { shapeKey, type DecoderShape } from '../kernels/decoder-shape';
import type { BufferRange, GpuRuntime } from '../gpu-runtime';
import { vocabularySplits } from '../kernels/linear-operands';
import { STRIPS } from '../kernels/norm';
import {
	coefficientSections,
	tokenSections,
	type CoefficientSections,
	type TokenSections
} from './packed-batch';
import { PASS_BYTES } from '../kernels/pass-uniform';

/** What a workspace must have room for. */
export interface Capacity {
	positions: number;
	rows: number;
	/** Of the longest row. */
	columns: number;
	valueHeads: number;
	/** Floats of vectors and heads in a pool. */
	vectorFloats: number;
	isTraining: boolean;
	/** Parts of the weight gradients' sums. */
	split: number;
}

type LayerBuffer =
	| 'attentionInput'
	| 'attentionScale'
	| 'qkv'
	| 'mixed'
	| 'logSum'
	| 'mlpInput'
	| 'mlpScale'
	| 'gateUp';

type SharedBuffer =
	| 'last'
	| 'lastScale'
	| 'logits'
	| 'tables'
	| 'coefficients'
	| 'statistics'
	| 'values'
	| 'rope'
	| 'lastRows'
	| 'lastRowsScale'
	| 'dx'
	| 'dy'
	| 'dMixed'
	| 'dQkv'
	| 'delta'
	| 'matrixParts'
	| 'vectorParts';

/** Logits of a part of the positions; a large vocabulary times all of them would not fit a binding. */
const LOGITS_BYTES = 64 * 2 ** 20;
/**
 * WebGPU tells no memory size. A device that gives so much in one piece is trusted with three times that in all; beyond it, drivers swap
 * or kill the page.
 */
const MEMORY_IN_PIECES = 3;

const UNIFORM_STRIDE = 256;

const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;

interface Plan {
	layer: Record<LayerBuffer, number>;
	shared: Partial<Record<SharedBuffer, number>>;
	layers: number;
	partPositions: number;
}

/** Bytes of every buffer. */
function planFor(s: DecoderShape, c: Capacity, largestBinding: number): Plan {
	const n = c.positions;
	const room = Math.min(LOGITS_BYTES, largestBinding);
	const partPositions = Math.min(
		Math.max(n, c.rows),
		Math.max(1, Math.floor(room / (4 * s.vocab)))
	);
	const floats = (count: number) => 4 * count;
	return {
		layer: {
			attentionInput: floats(n * s.hidden),
			attentionScale: floats(n),
			qkv: floats(n * s.qkvColumns),
			mixed: floats(n * s.queryColumns),
			logSum: floats(n * s.heads),
			mlpInput: floats(n * s.hidden),
			mlpScale: floats(n),
			gateUp: floats(n * 2 * s.intermediate)
		},
		shared: {
			last: floats(n * s.hidden),
			lastScale: floats(n),
			logits: floats(partPositions * s.vocab),
			tables: floats(tokenSections(n, c.rows, attentionTile(s)).length),
			coefficients: floats(coefficientSections(n, c.valueHeads).length),
			statistics: floats(2 * roundUp(n, 64)),
			values: floats(n * Math.max(1, c.valueHeads)),
			rope: floats(c.columns * s.headDim),
			lastRows: floats(c.rows * s.hidden),
			lastRowsScale: floats(c.rows),
			...(c.isTraining && {
				dx: floats(n * s.hidden),
				dy: floats(n * s.hidden * vocabularySplits(s)),
				dMixed: floats(n * s.queryColumns),
				dQkv: floats(n * s.qkvColumns),
				delta: floats(n * s.heads),
				vectorParts: floats(STRIPS * c.vectorFloats),
				...(c.split > 1 && { matrixParts: floats(c.split * s.matrixFloats) })
			})
		},
		layers: c.isTraining ? s.layers : 1,
		partPositions
	};
}

const planBytes = ({ layer, shared, layers }: Plan): number =>
	layers * Object.values(layer).reduce((a, b) => a + b, 0) +
	Object.values(shared).reduce((a, b) => a + b, 0);

const planLargest = ({ layer, shared }: Plan): number =>
	Math.max(...Object.values(layer), ...Object.values(shared));

const EMPTY: Capacity = {
	positions: 0,
	rows: 0,
	columns: 0,
	valueHeads: 0,
	vectorFloats: 0,
	isTraining: false,
	split: 1
};

export class Workspace {
	/** Changes whenever buffers do; bind groups made for another version are void. */
	version = 0;
	/** Largest pass since the buffers were made, for the share in use. */
	#largestPass = 0;
	readonly #runtime: GpuRuntime;
	readonly #shape: DecoderShape;
	readonly #buffers = new Map<string, GPUBuffer>();
	#uniforms: GPUBuffer | null = null;
	#capacity = EMPTY;
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
			positions: Math.max(now.positions, roundUp(need.positions, 256)),
			rows: Math.max(now.rows, roundUp(need.rows, 16)),
			columns: Math.max(now.columns, 2 ** Math.ceil(Math.log2(Math.max(64, need.columns)))),
			valueHeads: Math.max(now.valueHeads, need.valueHeads),
			vectorFloats: Math.max(now.vectorFloats, need.vectorFloats),
			isTraining: now.isTraining || need.isTraining,
			split: Math.max(now.split, need.split)
		};
		const isEnough = (Object.keys(target) as (keyof Capacity)[]).every((k) => target[k] === now[k]);
		this.#assertFits(isEnough ? now : target, need, extra);
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
		this.#capacity = EMPTY;
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
		const plan = planFor(this.#shape, target, memory.largestBinding);
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
		const { memory, gpu } = this.#runtime;
		const { largestBinding } = memory;
		const others = memory.allocatedBytes - this.#bytes() + extra;
		const limit = MEMORY_IN_PIECES * gpu.device.limits.maxBufferSize;
		const total = (c: Capacity) => others + planBytes(planFor(this.#shape, c, largestBinding));
		const fits = (c: Capacity) =>
			total(c) <= limit && planLargest(planFor(this.#shape, c, largestBinding)) <= largestBinding;
		if (fits(target)) {
			return;
		}
		const withRows = (rows: number): Capacity => ({
			...target,
			rows: roundUp(rows, 16),
			positions: roundUp(rows * need.columns, 256)
		});
		let largestBatch = 0;
		for (let step = 2 ** 20; step >= 1; step /= 2) {
			largestBatch += fits(withRows(largestBatch + step)) ? step : 0;
		}
		const bytes = total(target);
		const piece = planLargest(planFor(this.#shape, target, largestBinding));
		const why =
			piece > largestBinding
				? `one piece of it ${piece} bytes, and this graphics device allows ${largestBinding} in one piece`
				: `and this graphics device is trusted with ${limit}`;
		throw new StudioError(
			'out-of-memory',
			`A pass over ${need.positions} tokens needs ${bytes} bytes, ${why}. The largest batch of rows of ${need.columns} tokens that fits has ${largestBatch} rows.`,
			{ detail: { bytes, limit: piece > largestBinding ? largestBinding : limit, largestBatch } }
		);
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
