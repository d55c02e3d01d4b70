/**
 * One shard: a WebAssembly memory with the models in it, and what is asked of it. It computes for as long as a call takes and then
 * answers, so callers keep calls short. Runs in a worker of its own, or in the caller's thread where workers cannot be had.
 */
import { StudioError } from '../../../src/protocol/errors';
import { withTransfer, type Handlers } from '../../../src/protocol/rpc';
import { SCALAR_HEADS } from '../decoder-parameters';
import { DecodeSession } from './decode-session';
import { activationFloats, forward, type Activations } from './forward';
import { GradientSession } from './gradient-session';
import { Scope, withScope, type MemoryUse } from './heap';
import { Kernels } from './kernels';
import { lastPositions, passShape, predictingPositions, type PassShape } from './pass-shape';
import { ShardModel } from './shard-model';
import type { PassOutputs, ShardCommands, ShardEvent, Wanted } from './shard-protocol';
import {
	nextTokenStatistics,
	scalarValues,
	vocabularyLogits,
	logitStride
} from './vocabulary-head';

/** Most bytes of a memory at which activations are still kept for the backward half; beyond, they are computed again. */
const KEEP_BELOW = 2 ** 29;
/** The same as a share of what the memory may hold. */
const KEEP_SHARE = 1 / 2;

export class Shard {
	readonly #onMemory: (event: ShardEvent) => void;
	readonly #models = new Map<number, ShardModel>();
	readonly #gradients = new Map<number, GradientSession>();
	readonly #samples = new Map<number, DecodeSession>();
	#kernels: Kernels | null = null;
	#keepBelow = 0;
	#told: MemoryUse | null = null;

	/** @param onMemory Hears of the memory's use whenever it has changed. */
	constructor(onMemory: (event: ShardEvent) => void) {
		this.#onMemory = onMemory;
	}

	readonly handlers: Handlers<ShardCommands> = {
		start: async ({ modules, level, memoryLimit }) => {
			this.#kernels = new Kernels(modules, level, memoryLimit);
			this.#keepBelow = Math.min(KEEP_BELOW, memoryLimit * KEEP_SHARE);
			return null;
		},
		use: async (level) => {
			this.#started.use(level);
			return null;
		},
		addModel: async ({ model, config, parameters }) =>
			this.#changing(() => {
				this.#models.set(model, new ShardModel(this.#started, config, parameters));
			}),
		setWeights: async ({ model, weights }) =>
			this.#answer(() => {
				this.#model(model).setWeights(weights);
				return null;
			}),
		removeModel: async (model) =>
			this.#changing(() => {
				this.#models.get(model)?.free();
				this.#models.delete(model);
			}),
		forward: async (args) => {
			const outputs = this.#answer(() => this.#forward(args));
			return withTransfer(
				outputs,
				Object.values(outputs).flatMap((values: Float32Array | Float64Array | null) =>
					values ? [values.buffer] : []
				)
			);
		},
		backward: async ({ model, ...part }) =>
			this.#answer(() => {
				this.#session(part.place.session, model).addPart(part);
				return null;
			}),
		gradients: async (session) => {
			const nodes = this.#answer(() => {
				const sums = this.#gradients.get(session)?.sums() ?? [];
				this.#end(session);
				return sums;
			});
			return withTransfer(
				nodes,
				nodes.map(({ values }) => values.buffer)
			);
		},
		end: async (session) =>
			this.#answer(() => {
				this.#end(session);
				return null;
			}),
		logits: async ({ model, rows }) => {
			const logits = this.#answer(() => this.#logits(this.#model(model), passShape(rows)));
			return withTransfer(logits, [logits.buffer]);
		},
		startSample: async (args) =>
			this.#answer(() => {
				this.#samples.set(args.session, new DecodeSession(this.#model(args.model), args));
				return null;
			}),
		advanceSample: async ({ session, steps }) => this.#answer(() => this.#advance(session, steps))
	};

	get #started(): Kernels {
		if (!this.#kernels) {
			throw new StudioError('internal', 'The shard was not started.');
		}
		return this.#kernels;
	}

	#model(id: number): ShardModel {
		const model = this.#models.get(id);
		if (!model) {
			throw new StudioError('internal', `The shard has no model ${id}.`);
		}
		return model;
	}

	#session(id: number, model: number): GradientSession {
		const session = this.#gradients.get(id) ?? new GradientSession(this.#model(model));
		this.#gradients.set(id, session);
		return session;
	}

	#end(session: number): void {
		this.#gradients.get(session)?.free();
		this.#gradients.delete(session);
		this.#samples.get(session)?.free();
		this.#samples.delete(session);
	}

	#forward({
		model,
		rows,
		want,
		temperature,
		keep
	}: ShardCommands['forward']['args']): PassOutputs {
		const of = this.#model(model);
		const shape = passShape(rows);
		const { heap } = of.kernels;
		const bytes = activationFloats(of, true) * shape.P * 4;
		const isKept = keep !== null && heap.use.inUse + bytes <= this.#keepBelow;
		const scope = new Scope(heap);
		let isHandedOver = false;
		try {
			const activations = forward(of, shape, scope, isKept);
			const outputs = this.#outputs(of, shape, activations, want, temperature);
			if (isKept) {
				this.#session(keep.session, model).keep(keep.part, scope, activations);
				isHandedOver = true;
			}
			return outputs;
		} finally {
			if (!isHandedOver) {
				scope.free();
			}
		}
	}

	#outputs(
		model: ShardModel,
		shape: PassShape,
		{ hidden }: Activations,
		want: Wanted,
		temperature: number
	): PassOutputs {
		const { heap } = model.kernels;
		const outputs: PassOutputs = { logProb: null, entropy: null, values: null, hidden: null };
		if (want.statistics) {
			const positions = Int32Array.from(predictingPositions(shape));
			const targets = positions.map((n) => shape.ids[n + 1] ?? 0);
			const found = nextTokenStatistics(model, hidden, positions, targets, temperature);
			const [logProb, entropy] = [new Float64Array(shape.P), new Float64Array(shape.P)];
			positions.forEach((n, i) => {
				logProb[n] = found.logProb[i] ?? NaN;
				entropy[n] = found.entropy[i] ?? NaN;
			});
			outputs.logProb = logProb;
			outputs.entropy = entropy;
		}
		if (want.values) {
			outputs.values = scalarValues(model, SCALAR_HEADS, shape.P, hidden);
		}
		if (want.hidden) {
			const d = model.config.hiddenSize;
			const states = new Float32Array(shape.lengths.length * d);
			const all = heap.floats(hidden, shape.P * d);
			shape.lengths.forEach((length, row) => {
				if (length > 0) {
					const from = ((shape.starts[row] ?? 0) + length - 1) * d;
					states.set(all.subarray(from, from + d), row * d);
				}
			});
			outputs.hidden = states;
		}
		return outputs;
	}

	#logits(model: ShardModel, shape: PassShape): Float32Array<ArrayBuffer> {
		const { run, heap } = model.kernels;
		const { vocabSize: V, hiddenSize: d } = model.config;
		const places = Int32Array.from(lastPositions(shape));
		const ld = logitStride(V) / 4;
		return withScope(heap, (scope) => {
			const { hidden } = forward(model, shape, scope, false);
			const some = scope.floats(places.length * d);
			const z = scope.floats(places.length * ld);
			run.gatherRows(places.length, d, hidden, scope.ints(places), some);
			vocabularyLogits(model, places.length, some, z);
			const out = new Float32Array(places.length * V);
			const rows = heap.floats(z, places.length * ld);
			for (let row = 0; row < places.length; row++) {
				out.set(rows.subarray(row * ld, row * ld + V), row * V);
			}
			return out;
		});
	}

	#advance(id: number, steps: number): ShardCommands['advanceSample']['result'] {
		const session = this.#samples.get(id);
		if (!session) {
			throw new StudioError('internal', `The shard has no rollout ${id}.`);
		}
		for (let done = 0; done < steps;) {
			const did = session.step();
			if (did === 'done') {
				const sampled = session.result();
				this.#end(id);
				return { steps: done, sampled };
			}
			if (did === 'read') {
				return { steps: done, sampled: null };
			}
			done++;
		}
		return { steps, sampled: null };
	}

	/** Runs `work`, then tells of the memory if its use has changed. */
	#answer<T>(work: () => T): T {
		const { heap } = this.#started;
		try {
			return work();
		} finally {
			const { use } = heap;
			const isNews =
				use.allocated !== this.#told?.allocated ||
				use.inUse !== this.#told.inUse ||
				use.busiest !== this.#told.busiest;
			if (isNews) {
				this.#told = use;
				this.#onMemory({ memory: use });
			}
		}
	}

	#changing(work: () => void): null {
		return this.#answer(() => {
			work();
			this.#started.heap.forgetBusiest();
			return null;
		});
	}
}
