/**
 * Rollouts of some rows in a shard. Every row keeps its keys and values in panels, draws its own tokens, and costs nothing once it has
 * ended: each step computes the rows still open, gathered, whatever their positions.
 */
import { sampleRow } from '../../../src/core/methods/log-prob';
import { uniform } from '../../../src/core/random';
import { StudioError } from '../../../src/protocol/errors';
import { EMBEDDING, FINAL_NORM, layerNames } from '../decoder-parameters';
import { forward, linear, type KeyValueSink } from './forward';
import { Scope, withScope } from './heap';
import { lastPositions, passShape } from './pass-shape';
import type { ShardModel } from './shard-model';
import type { SampleStart, SampledRows } from './shard-protocol';
import { logitStride, vocabularyLogits } from './vocabulary-head';

/** Prompt positions read in one pass. */
const PREFILL_POSITIONS = 256;

interface Row {
	/** Index of its prompt, and of its place in the caches. */
	slot: number;
	number: number;
	prompt: number;
	/** Position of the token that is read next. */
	position: number;
	token: number;
}

/** Bytes that a session holds for one row. */
export function decodeRowBytes(model: Pick<ShardModel, 'config'>, capacity: number): number {
	const c = model.config;
	const cached = Math.ceil(capacity / 8) * 8 * c.kvHeads;
	const caches = c.layers * cached * (c.headDim + Math.ceil(c.headDim / 8) * 8);
	const step =
		2 * c.hiddenSize + (2 * c.heads + 2 * c.kvHeads) * c.headDim + 3 * c.intermediateSize + 16;
	return 4 * (caches + step) + logitStride(c.vocabSize);
}

type Work = ReturnType<typeof makeWork>;

/** Addresses of what one step computes with, for at most `rows` rows. */
function makeWork(model: ShardModel, scope: Scope, rows: number, capacity: number) {
	const c = model.config;
	const ld = logitStride(c.vocabSize);
	return {
		ids: scope.floats(rows),
		slots: scope.floats(rows),
		positions: scope.floats(rows),
		drawn: scope.floats(rows),
		uniforms: scope.doubles(rows),
		logProb: scope.doubles(rows),
		masses: scope.doubles(Math.ceil(ld / 256)),
		x: scope.floats(rows * c.hiddenSize),
		h: scope.floats(rows * c.hiddenSize),
		scale: scope.floats(rows),
		q: scope.floats(rows * c.heads * c.headDim),
		k: scope.floats(rows * c.kvHeads * c.headDim),
		v: scope.floats(rows * c.kvHeads * c.headDim),
		mixed: scope.floats(rows * c.heads * c.headDim),
		gate: scope.floats(rows * c.intermediateSize),
		up: scope.floats(rows * c.intermediateSize),
		act: scope.floats(rows * c.intermediateSize),
		scores: scope.floats((c.heads / c.kvHeads) * capacity),
		z: scope.floats((rows * ld) / 4)
	};
}

export class DecodeSession {
	readonly #model: ShardModel;
	readonly #o: SampleStart;
	readonly #scope: Scope;
	readonly #capacity: number;
	/** Per layer. */
	readonly #keys: number[] = [];
	readonly #values: number[] = [];
	readonly #work: Work;
	readonly #ids: number[][];
	readonly #logProb: number[][];
	readonly #stopped: Uint8Array<ArrayBuffer>;
	#open: Row[] = [];
	/** Open rows whose prompts have been read. */
	#filled = 0;

	constructor(model: ShardModel, o: SampleStart) {
		const c = model.config;
		this.#model = model;
		this.#o = o;
		this.#scope = new Scope(model.kernels.heap);
		this.#capacity = Math.ceil(o.capacity / 8) * 8;
		this.#ids = o.prompts.map(() => []);
		this.#logProb = o.prompts.map(() => []);
		this.#stopped = new Uint8Array(o.prompts.length);
		this.#open = o.prompts
			.map((ids, slot) => ({
				slot,
				number: o.rowNumbers[slot] ?? 0,
				prompt: ids.length,
				position: ids.length - 1,
				token: ids.at(-1) ?? 0
			}))
			.filter((row) => row.prompt < o.capacity);
		const cached = o.prompts.length * c.kvHeads * this.#capacity;
		try {
			for (let layer = 0; layer < c.layers; layer++) {
				this.#keys.push(this.#scope.floats(cached * c.headDim));
				this.#values.push(this.#scope.floats(cached * Math.ceil(c.headDim / 8) * 8));
			}
			this.#work = makeWork(model, this.#scope, this.#open.length, this.#capacity);
		} catch (cause) {
			this.#scope.free();
			throw cause;
		}
	}

	/** Reads some of the prompts, or draws one token of each open row. Answers what it did. */
	step(): 'read' | 'drew' | 'done' {
		if (this.#open.length === 0) {
			return 'done';
		}
		if (this.#filled < this.#open.length) {
			this.#readPrompts();
			if (this.#filled < this.#open.length) {
				return 'read';
			}
		} else {
			this.#decode();
		}
		this.#draw();
		this.#filled = this.#open.length;
		return 'drew';
	}

	result(): SampledRows {
		return {
			ids: Int32Array.from(this.#ids.flat()),
			logProb: Float64Array.from(this.#logProb.flat()),
			counts: Int32Array.from(this.#ids, (ids) => ids.length),
			stopped: this.#stopped
		};
	}

	free(): void {
		this.#scope.free();
	}

	/** Last states of the next few prompts into `h`. */
	#readPrompts(): void {
		const { run, heap } = this.#model.kernels;
		const d = this.#model.config.hiddenSize;
		const first = this.#filled;
		let positions = 0;
		while (this.#filled < this.#open.length && positions < PREFILL_POSITIONS) {
			positions += this.#open[this.#filled++]?.prompt ?? 0;
		}
		const rows = this.#open.slice(first, this.#filled);
		const prompts = rows.map(({ slot }) => this.#o.prompts[slot] ?? new Int32Array());
		const ids = Int32Array.from(prompts.flatMap((p) => Array.from(p)));
		const shape = passShape({ ids, lengths: Int32Array.from(prompts, (p) => p.length) });
		withScope(heap, (scope) => {
			const { hidden } = forward(this.#model, shape, scope, false, this.#sink(rows));
			const at = scope.ints(Int32Array.from(lastPositions(shape)));
			run.gatherRows(rows.length, d, hidden, at, this.#work.h + first * d * 4);
		});
	}

	#sink(rows: readonly Row[]): KeyValueSink {
		const { kvHeads, headDim } = this.#model.config;
		const columns = Math.ceil(headDim / 8) * 8;
		return {
			capacity: this.#capacity,
			place: (layer, row, kvHead) => {
				const at = ((rows[row]?.slot ?? 0) * kvHeads + kvHead) * this.#capacity * 4;
				return {
					keys: (this.#keys[layer] ?? 0) + at * headDim,
					values: (this.#values[layer] ?? 0) + at * columns
				};
			}
		};
	}

	/** One token of each open row through the decoder, into `h`. */
	#decode(): void {
		const model = this.#model;
		const { run } = model.kernels;
		const c = model.config;
		const w = this.#work;
		const n = this.#open.length;
		const d = c.hiddenSize;
		this.#putRows();
		run.gatherRows(n, d, model.weight(EMBEDDING), w.ids, w.x);
		const { cos, sin } = model.rotary(this.#capacity);
		for (let layer = 0; layer < c.layers; layer++) {
			const names = layerNames(layer);
			const keys = this.#keys[layer] ?? 0;
			const values = this.#values[layer] ?? 0;
			const cache = [w.slots, w.positions, keys, values, this.#capacity] as const;
			run.rmsNorm(n, d, w.x, model.weight(names.attentionNorm), c.rmsNormEps, w.h, w.scale);
			linear(model, names.q, n, w.h, w.q);
			linear(model, names.k, n, w.h, w.k);
			linear(model, names.v, n, w.h, w.v);
			run.rotate(n, c.heads, c.headDim, w.q, w.positions, cos, sin, 1);
			run.rotate(n, c.kvHeads, c.headDim, w.k, w.positions, cos, sin, 1);
			run.appendToCache(n, c.kvHeads, c.headDim, w.k, w.v, ...cache);
			run.attendCache(
				...([n, c.heads, c.kvHeads, c.headDim, w.q, ...cache] as const),
				...([w.mixed, 1 / Math.sqrt(c.headDim), w.scores] as const)
			);
			linear(model, names.o, n, w.mixed, w.x, 1);
			run.rmsNorm(n, d, w.x, model.weight(names.mlpNorm), c.rmsNormEps, w.h, w.scale);
			linear(model, names.gate, n, w.h, w.gate);
			linear(model, names.up, n, w.h, w.up);
			run.swiGlu(n * c.intermediateSize, w.gate, w.up, w.act);
			linear(model, names.down, n, w.act, w.x, 1);
		}
		run.rmsNorm(n, d, w.x, model.weight(FINAL_NORM), c.rmsNormEps, w.h, w.scale);
	}

	#putRows(): void {
		const { heap } = this.#model.kernels;
		const n = this.#open.length;
		const put = (address: number, of: (row: Row) => number) =>
			heap.ints(address, n).set(this.#open.map(of));
		put(this.#work.ids, (row) => row.token);
		put(this.#work.slots, (row) => row.slot);
		put(this.#work.positions, (row) => row.position);
	}

	/** From the states in `h`, in order of the open rows: one more token each; rows that end leave. */
	#draw(): void {
		const { heap } = this.#model.kernels;
		const n = this.#open.length;
		const w = this.#work;
		vocabularyLogits(this.#model, n, w.h, w.z);
		this.#chooseTokens();
		const drawn = heap.ints(w.drawn, n);
		const logProb = heap.doubles(w.logProb, n);
		this.#open = this.#open.filter((row, i) => {
			const id = drawn[i] ?? 0;
			this.#ids[row.slot]?.push(id);
			this.#logProb[row.slot]?.push(logProb[i] ?? 0);
			row.token = id;
			row.position++;
			const isStopped = this.#o.stop.includes(id);
			this.#stopped[row.slot] = Number(isStopped);
			const length = row.position + 1;
			return !isStopped && length - row.prompt < this.#o.maxNew && length < this.#o.capacity;
		});
	}

	#chooseTokens(): void {
		const { run, heap } = this.#model.kernels;
		const { vocabSize: V } = this.#model.config;
		const { temperature, topK, topP, seed } = this.#o;
		const w = this.#work;
		const n = this.#open.length;
		const ld = logitStride(V);
		const uniforms = this.#open.map((row) => uniform(seed, row.number, row.position + 1));
		if ((topK > 0 && topK < V) || topP < 1) {
			const z = heap.floats(w.z, (n * ld) / 4);
			uniforms.forEach((u, i) => {
				const draw = sampleRow(z, (i * ld) / 4, V, u, { temperature, topK, topP });
				heap.ints(w.drawn, n)[i] = draw.id;
				heap.doubles(w.logProb, n)[i] = draw.logProb;
			});
			return;
		}
		let failed: number;
		if (temperature === 0) {
			heap.doubles(w.logProb, n).fill(0);
			failed = run.largestTokens(n, V, w.z, ld, w.drawn);
		} else {
			heap.doubles(w.uniforms, n).set(uniforms);
			failed = run.drawTokens(
				...([n, V, w.z, ld, 1 / temperature, w.uniforms, w.drawn] as const),
				...([w.logProb, w.masses] as const)
			);
		}
		if (failed >= 0) {
			throw new StudioError('not-finite', 'The logits are not finite.', {
				detail: { row: this.#open[failed]?.number ?? failed }
			});
		}
	}
}
