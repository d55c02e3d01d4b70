/** The decoder's forward pass over rows without padding, on the kernels. Shapes: P positions, d hidden, F feed-forward. */
import { EMBEDDING, FINAL_NORM, layerNames } from '../decoder-parameters';
import { withScope, type Scope } from './heap';
import type { PassShape } from './pass-shape';
import type { ShardModel } from './shard-model';

/** Addresses of what one layer computes. In a pass that keeps nothing all layers share them. */
export interface LayerState {
	/** [P,d] before the layer, and between its two halves. */
	x: number;
	middle: number;
	/** [P], of the two norms. */
	attentionScale: number;
	mlpScale: number;
	/** [P, heads*hd], and [P, kvHeads*hd], rotated. */
	q: number;
	k: number;
	v: number;
	/** [heads, P]: log-sum-exp of the attention scores. */
	lse: number;
	/** [P, heads*hd] */
	mixed: number;
	/** [P,F] */
	gate: number;
	up: number;
}

export interface Activations {
	layers: LayerState[];
	/** [P,d] before and after the final norm, and its scale [P]. */
	x: number;
	scale: number;
	hidden: number;
}

/** Receives the keys and values of a pass, for decoding to go on from. */
export interface KeyValueSink {
	/** Where row `row` of a layer keeps its panels, and their length. */
	place(layer: number, row: number, kvHead: number): { keys: number; values: number };
	readonly capacity: number;
}

/** Floats that a pass holds for each position: all layers if kept, one otherwise. */
export function activationFloats(model: Pick<ShardModel, 'config'>, isKept: boolean): number {
	const c = model.config;
	const layer =
		2 * c.hiddenSize +
		2 +
		(2 * c.heads + 2 * c.kvHeads) * c.headDim +
		c.heads +
		2 * c.intermediateSize;
	return (isKept ? c.layers : 1) * layer + 2 * c.hiddenSize + 1;
}

function makeLayer(model: ShardModel, P: number, scope: Scope): LayerState {
	const c = model.config;
	const wide = P * c.heads * c.headDim;
	const narrow = P * c.kvHeads * c.headDim;
	return {
		x: scope.floats(P * c.hiddenSize),
		middle: scope.floats(P * c.hiddenSize),
		attentionScale: scope.floats(P),
		mlpScale: scope.floats(P),
		q: scope.floats(wide),
		k: scope.floats(narrow),
		v: scope.floats(narrow),
		lse: scope.floats(c.heads * P),
		mixed: scope.floats(wide),
		gate: scope.floats(P * c.intermediateSize),
		up: scope.floats(P * c.intermediateSize)
	};
}

/** to[rows,out] = x[rows,in] W^T, or += with `add`. */
export function linear(
	model: ShardModel,
	name: string,
	rows: number,
	x: number,
	to: number,
	add = 0
): void {
	const [out = 0, width = 0] = model.layout.slot(name).shape;
	model.kernels.run.gemm(
		...([rows, out, width, x, width * 4, model.panels(name), width, to, out * 4, add] as const)
	);
}

/** Last normalised states of a pass. With `isKept` every layer's state stays in `scope` for the gradient. */
export function forward(
	model: ShardModel,
	shape: PassShape,
	scope: Scope,
	isKept: boolean,
	sink: KeyValueSink | null = null
): Activations {
	const { run, heap } = model.kernels;
	const c = model.config;
	const { P } = shape;
	const d = c.hiddenSize;
	const shared = isKept ? null : makeLayer(model, P, scope);
	const layers = Array.from({ length: c.layers }, () => shared ?? makeLayer(model, P, scope));
	const last = { x: scope.floats(P * d), scale: scope.floats(P), hidden: scope.floats(P * d) };
	const afterLayer = (i: number) => layers[i + 1]?.x ?? last.x;
	withScope(heap, (work) => {
		const places = work.ints(shape.places);
		const h = work.floats(P * d);
		const act = work.floats(P * c.intermediateSize);
		const rotary = model.rotary(shape.longest);
		run.gatherRows(P, d, model.weight(EMBEDDING), work.ints(shape.ids), layers[0]?.x ?? last.x);
		layers.forEach((s, layer) => {
			const n = layerNames(layer);
			run.rmsNorm(P, d, s.x, model.weight(n.attentionNorm), c.rmsNormEps, h, s.attentionScale);
			linear(model, n.q, P, h, s.q);
			linear(model, n.k, P, h, s.k);
			linear(model, n.v, P, h, s.v);
			run.rotate(P, c.heads, c.headDim, s.q, places, rotary.cos, rotary.sin, 1);
			run.rotate(P, c.kvHeads, c.headDim, s.k, places, rotary.cos, rotary.sin, 1);
			attend(model, shape, s, layer, sink);
			copy(model, P * d, s.x, s.middle);
			linear(model, n.o, P, s.mixed, s.middle, 1);
			run.rmsNorm(P, d, s.middle, model.weight(n.mlpNorm), c.rmsNormEps, h, s.mlpScale);
			linear(model, n.gate, P, h, s.gate);
			linear(model, n.up, P, h, s.up);
			run.swiGlu(P * c.intermediateSize, s.gate, s.up, act);
			copy(model, P * d, s.middle, afterLayer(layer));
			linear(model, n.down, P, act, afterLayer(layer), 1);
		});
		const gain = model.weight(FINAL_NORM);
		run.rmsNorm(P, d, last.x, gain, c.rmsNormEps, last.hidden, last.scale);
	});
	return { layers, ...last };
}

function copy(model: ShardModel, count: number, from: number, to: number): void {
	const { heap } = model.kernels;
	if (from !== to) {
		heap.floats(to, count).set(heap.floats(from, count));
	}
}

function attend(
	model: ShardModel,
	shape: PassShape,
	s: LayerState,
	layer: number,
	sink: KeyValueSink | null
): void {
	const { run, heap } = model.kernels;
	const { heads, kvHeads, headDim: hd } = model.config;
	const [ldq, ldk] = [heads * hd * 4, kvHeads * hd * 4];
	const width = Math.ceil(shape.longest / 8) * 8;
	withScope(heap, (work) => {
		const keys = work.floats(width * hd);
		const values = work.floats(shape.longest * Math.ceil(hd / 8) * 8);
		const scores = work.floats(8 * width);
		shape.lengths.forEach((T, row) => {
			const start = shape.starts[row] ?? 0;
			for (let g = 0; g < kvHeads; g++) {
				const place = sink?.place(layer, row, g) ?? { keys, values };
				const panelK = sink?.capacity ?? T;
				run.packRows(T, hd, s.k + start * ldk + g * hd * 4, ldk, place.keys);
				run.packColumns(T, hd, s.v + start * ldk + g * hd * 4, ldk, place.values, panelK);
				for (let h = (g * heads) / kvHeads; h < ((g + 1) * heads) / kvHeads; h++) {
					const at = start * ldq + h * hd * 4;
					const lse = s.lse + (h * shape.P + start) * 4;
					run.attend(
						...([T, hd, s.q + at, ldq, place.keys, place.values, panelK] as const),
						...([s.mixed + at, ldq, lse, 1 / Math.sqrt(hd), scores] as const)
					);
				}
			}
		});
	});
}
