/** Runs passes of one model: packs rows, fills the workspace, replays the command lists, reads what was asked for. */
import type { ModelConfig } from '../../../../src/core/formats/model-config';
import { StudioError } from '../../../../src/protocol/errors';
import type { EngineOperation } from '../../../../src/protocol/trainer';
import { LM_HEAD, SCALAR_HEADS } from '../../decoder-parameters';
import type { Batch, Coefficients, Output, ParameterGroup } from '../../language-model';
import { attentionTile } from '../kernels/attention';
import { backwardCommands, type BackwardCommands } from './backward-commands';
import type { PassSizes } from './command-context';
import { entropyStart, forwardCommands, type ForwardCommands } from './forward-commands';
import type { DecoderKernels } from '../kernels/decoder-kernels';
import type { DecoderShape } from '../kernels/decoder-shape';
import type { GpuParameters } from '../gpu-parameters';
import type { BufferRange, GpuRuntime } from '../gpu-runtime';
import { fillCoefficients, fillTables, type PackedRows, type PassAnswers } from './packed-batch';
import { writePass } from '../kernels/pass-uniform';
import { passNumbers, type GradientFlow, type PassSettings } from './pass-numbers';
import { acquireWorkspace, releaseWorkspace, type Workspace } from './workspace';

const UNIFORM_STRIDE = 256;

/** Which gradients a pass makes. */
export interface GradientWish {
	coefficients: Coefficients;
	groups: readonly ParameterGroup[];
	temperature: number;
}

export interface PassKernels {
	kernels: DecoderKernels;
	split: number;
}

export class DecoderPasses {
	readonly #runtime: GpuRuntime;
	readonly #config: ModelConfig;
	readonly #shape: DecoderShape;
	readonly #parameters: GpuParameters;
	readonly #workspace: Workspace;
	readonly #sizes: PassSizes = {
		positions: 0,
		rows: 0,
		tiles: 0,
		tokens: 0,
		parts: [],
		summed: 0
	};
	#kernels: PassKernels;
	#version = -1;
	#forward: ForwardCommands | null = null;
	#backward: BackwardCommands | null = null;
	#tables = new Uint32Array();
	#coefficients = new Float32Array();
	#numbers = new DataView(new ArrayBuffer(0));

	constructor(
		runtime: GpuRuntime,
		config: ModelConfig,
		shape: DecoderShape,
		parameters: GpuParameters,
		kernels: PassKernels
	) {
		this.#runtime = runtime;
		this.#config = config;
		this.#shape = shape;
		this.#parameters = parameters;
		this.#kernels = kernels;
		this.#workspace = acquireWorkspace(runtime, shape);
	}

	/** Other kernels from now on. */
	use(kernels: PassKernels): void {
		if (kernels.kernels !== this.#kernels.kernels) {
			this.#kernels = kernels;
			this.#version = -1;
		}
	}

	/** Makes room for a part of a batch, and brings its tokens to the device. @throws StudioError 'out-of-memory' */
	load(operation: EngineOperation, batch: Batch, part: PackedRows, isTraining: boolean): void {
		this.#runtime.js(operation, () => {
			this.#prepare(operation, part, isTraining);
			const at = this.#workspace.tokenSections;
			if (this.#tables.length < at.length) {
				this.#tables = new Uint32Array(at.length);
			}
			const tables = this.#tables;
			const { tiles, tokens } = fillTables(tables, at, batch, part, {
				tile: attentionTile(this.#shape),
				vocab: this.#shape.vocab
			});
			this.#runtime.write(this.#buffer('tables'), tables.subarray(0, at.length));
			Object.assign(this.#sizes, { positions: part.positions, rows: part.rows, tiles, tokens });
		});
	}

	/** The loaded part's outputs: one readback. */
	async score(
		operation: EngineOperation,
		want: readonly Output[],
		temperature: number
	): Promise<PassAnswers> {
		const { workspace: w, commands } = this.#ready();
		const n = this.#sizes.positions;
		const heads = this.#config.valueHeads;
		const vocabulary = want.includes('logProb') || want.includes('entropy');
		const values = want.includes('value') && heads > 0;
		const hidden = want.includes('hidden');
		const list = this.#runtime.js(operation, () => {
			this.#write({ temperature, isNormalised: hidden });
			return [
				...commands.trunk,
				...(values ? commands.scalarHeads : []),
				...(vocabulary
					? this.#partsOf(commands.parts).flatMap((p) => [p.logits, p.statistics])
					: []),
				...(hidden ? [commands.lastRows] : [])
			];
		});
		const wanted: { key: keyof PassAnswers; range: Required<BufferRange> }[] = [];
		const ask = (key: keyof PassAnswers, buffer: GPUBuffer, start: number, floats: number) =>
			wanted.push({ key, range: { buffer, offset: 4 * start, size: 4 * floats } });
		if (want.includes('logProb')) {
			ask('logProb', this.#buffer('statistics'), 0, n);
		}
		if (want.includes('entropy')) {
			ask('entropy', this.#buffer('statistics'), entropyStart(w), n);
		}
		if (values) {
			ask('values', this.#buffer('values'), 0, n * heads);
		}
		if (hidden) {
			ask('hidden', this.#buffer('lastRows'), 0, this.#sizes.rows * this.#shape.hidden);
		}
		const answers: PassAnswers = { logProb: null, entropy: null, values: null, hidden: null };
		if (wanted.length === 0) {
			return answers;
		}
		const reads = wanted.map(({ range }) => range);
		const data = await this.#runtime.read(operation, list, { reads });
		let at = 0;
		for (const { key, range } of wanted) {
			answers[key] = new Float32Array(data, at, range.size / 4);
			at += range.size;
		}
		return answers;
	}

	/** Which way gradients go; all false where there is nothing to do. */
	flow({ coefficients: c, groups }: Omit<GradientWish, 'temperature'>): GradientFlow {
		const trunk = groups.includes('trunk');
		const values = c.dValue !== undefined && this.#config.valueHeads > 0;
		const vocabulary = trunk && (c.dLogProb !== undefined || c.dEntropy !== undefined);
		return {
			vocabulary,
			values,
			trunk: trunk && (values || vocabulary),
			heads: values && groups.includes('heads')
		};
	}

	/** Names that get a gradient. */
	touched(flow: GradientFlow): string[] {
		return this.#parameters.layout.slots
			.filter(({ name, group }) =>
				group === 'heads'
					? flow.heads && name === SCALAR_HEADS
					: flow.trunk && (flow.vocabulary || name !== LM_HEAD)
			)
			.map(({ name }) => name);
	}

	/**
	 * Adds the loaded part's gradients. `isScored` says that `score` has just run this part with logits and values, so that its activations
	 * are still there.
	 */
	addGradients(
		batch: Batch,
		part: PackedRows,
		wish: GradientWish,
		{ isScored }: { isScored: boolean }
	): void {
		const flow = this.flow(wish);
		if (!flow.trunk && !flow.heads) {
			return;
		}
		const { commands, workspace: w } = this.#ready();
		const list = this.#runtime.js('backward', () => {
			const back = this.#backwardLists();
			const at = w.coefficientSections;
			if (this.#coefficients.length < at.length) {
				this.#coefficients = new Float32Array(at.length);
			}
			const c = this.#coefficients;
			fillCoefficients(c, at, batch, part, wish.coefficients, this.#config.valueHeads);
			this.#runtime.write(this.#buffer('coefficients'), c.subarray(0, at.length));
			this.#write({ temperature: wish.temperature, flow });
			const parts = this.#partsOf(commands.parts);
			// The logits of one part are still there; those of several have overwritten each other.
			const keepsLogits = isScored && parts.length === 1;
			return [
				...(isScored ? [] : commands.trunk),
				...(flow.vocabulary
					? parts.flatMap((p, i) => [
							...(keepsLogits ? [] : [p.logits]),
							p.statistics,
							...(back.parts[i] ?? [])
						])
					: isScored
						? []
						: commands.scalarHeads),
				back.finalNorm,
				...(flow.trunk ? back.layers : []),
				back.sumOfParts,
				...(flow.trunk ? [back.embedding] : [])
			];
		});
		this.#runtime.submit('backward', list);
	}

	/** Logits after the last position of each loaded row: [rows, vocab]. */
	async lastLogits(): Promise<Float32Array> {
		const { workspace: w, commands } = this.#ready();
		const { rows } = this.#sizes;
		const { vocab } = this.#shape;
		const all = new Float32Array(rows * vocab);
		this.#write({ temperature: 1, headRows: rows });
		const parts = this.#partsOf(commands.lastLogits);
		for (const [part, logits] of parts.entries()) {
			const size = 4 * (this.#sizes.parts[part] ?? 0) * vocab;
			const before = part === 0 ? [...commands.trunk, commands.lastRows] : [];
			const data = await this.#runtime.read('score', [...before, logits], {
				reads: [{ buffer: this.#buffer('logits'), offset: 0, size }]
			});
			all.set(new Float32Array(data), part * w.partPositions * vocab);
		}
		return all;
	}

	dispose(): void {
		this.#forward = null;
		this.#backward = null;
		releaseWorkspace(this.#runtime, this.#shape);
	}

	#prepare(operation: EngineOperation, part: PackedRows, isTraining: boolean): void {
		const { length } = this.#parameters.layout;
		const w = this.#workspace;
		const needsPools = isTraining && !this.#parameters.training;
		w.ensure(
			{
				positions: part.positions,
				rows: part.rows,
				columns: part.columns,
				valueHeads: this.#config.valueHeads,
				vectorFloats: length - this.#shape.matrixFloats,
				isTraining,
				split: isTraining ? this.#kernels.split : 1
			},
			needsPools ? 3 * this.#parameters.bytesPerPool : 0
		);
		if (w.version !== this.#version) {
			this.#version = w.version;
			this.#backward = null;
			this.#forward = forwardCommands(this.#context(operation));
		}
		if (isTraining) {
			this.#backwardLists();
		}
	}

	#backwardLists(): BackwardCommands {
		this.#backward ??= backwardCommands(this.#context('backward'));
		return this.#backward;
	}

	#context(operation: EngineOperation) {
		return {
			...this.#kernels,
			runtime: this.#runtime,
			shape: this.#shape,
			workspace: this.#workspace,
			parameters: this.#parameters,
			valueHeads: this.#config.valueHeads,
			sizes: this.#sizes,
			operation
		};
	}

	#ready(): { workspace: Workspace; commands: ForwardCommands } {
		if (!this.#forward) {
			throw new StudioError('internal', 'No rows were loaded.');
		}
		return { workspace: this.#workspace, commands: this.#forward };
	}

	#buffer(name: Parameters<Workspace['shared']>[0]): GPUBuffer {
		return this.#workspace.shared(name).buffer;
	}

	/** Those parts of the vocabulary head that this pass needs. */
	#partsOf<T>(parts: readonly T[]): T[] {
		return parts.slice(0, this.#sizes.parts.length);
	}

	/** Writes the numbers of the pass and of each part of its vocabulary head. */
	#write(o: PassSettings): void {
		const w = this.#workspace;
		const { whole, parts, summed } = passNumbers({
			...o,
			sizes: this.#sizes,
			shape: this.#shape,
			layout: this.#parameters.layout,
			split: this.#kernels.split,
			partPositions: w.partPositions,
			vectorStride: w.capacity.vectorFloats
		});
		this.#sizes.parts = parts.map(({ count }) => count);
		this.#sizes.summed = summed;
		const bytes = UNIFORM_STRIDE * (parts.length + 1);
		if (this.#numbers.byteLength < bytes) {
			this.#numbers = new DataView(new ArrayBuffer(bytes));
		}
		writePass(this.#numbers, 0, whole);
		parts.forEach((part, i) => writePass(this.#numbers, UNIFORM_STRIDE * (i + 1), part));
		this.#runtime.write(w.uniforms, new Uint8Array(this.#numbers.buffer, 0, bytes));
	}
}
