/**
 * WGSL of attention of one query a head over the cached keys and values, with online softmax (Milakov & Gimelshein 2018) so that any
 * number of positions passes through a fixed piece of shared memory. One workgroup a row and head; grouped-query heads share keys.
 * Cache of a layer: [row, kvHead, 2 (keys, values), capacity, headDim].
 */
import type { ModelConfig } from '../../../../src/core/formats/model-config';
import type { KernelSource } from '../kernel';
import { STATE_CONSTANTS } from './decode-state';

/** Positions whose scores lie in shared memory at a time. */
const PIECE = 256;

/** Bindings: state, queries [row, heads * headDim], cache of the layer, out like the queries. Grid: [rows, heads]. */
export function decodeAttention(c: ModelConfig): KernelSource {
	const width = c.headDim % 4 === 0 ? 4 : 1;
	const units = c.headDim / width;
	const threads = Math.max(64, 2 ** Math.ceil(Math.log2(units)));
	const groups = Math.floor(threads / units);
	const code = `
${STATE_CONSTANTS}
alias Unit = ${width === 4 ? 'vec4f' : 'f32'};
@group(0) @binding(0) var<storage, read> state : array<u32>;
@group(0) @binding(1) var<storage, read> queries : array<Unit>;
@group(0) @binding(2) var<storage, read> cache : array<Unit>;
@group(0) @binding(3) var<storage, read_write> out : array<Unit>;
var<workgroup> query : array<Unit, ${units}>;
var<workgroup> weights : array<f32, ${PIECE}>;
var<workgroup> shares : array<f32, ${threads}>;
var<workgroup> mixed : array<Unit, ${threads}>;

fn along(a : Unit, b : Unit) -> f32 { return ${width === 4 ? 'dot(a, b)' : 'a * b'}; }

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_index) tid : u32) {
	let row = state[ACTIVE + group.x];
	let positions = state[COLUMN] + 1u;
	let at = (row * ${c.heads}u + group.y) * ${units}u;
	let kvHead = group.y / ${c.heads / c.kvHeads}u;
	let keys = (row * ${c.kvHeads}u + kvHead) * 2u * state[CAPACITY] * ${units}u;
	let values = keys + state[CAPACITY] * ${units}u;
	if (tid < ${units}u) {
		query[tid] = queries[at + tid] * ${(1 / Math.sqrt(c.headDim)).toPrecision(9)};
	}
	workgroupBarrier();
	let unit = tid % ${units}u;
	let place = tid / ${units}u;
	var largest = -1e30;
	var sum = 0.0;
	var acc = Unit();
	for (var base = 0u; base < positions; base += ${PIECE}u) {
		let count = min(${PIECE}u, positions - base);
		var high = -1e30;
		for (var j = tid; j < count; j += ${threads}u) {
			let key = keys + (base + j) * ${units}u;
			var score = 0.0;
			for (var i = 0u; i < ${units}u; i++) {
				score += along(query[i], cache[key + i]);
			}
			weights[j] = score;
			high = max(high, score);
		}
		shares[tid] = high;
		workgroupBarrier();
		let before = largest;
		for (var i = 0u; i < min(count, ${threads}u); i++) {
			largest = max(largest, shares[i]);
		}
		let shrink = exp(before - largest);
		sum *= shrink;
		for (var j = tid; j < count; j += ${threads}u) {
			let weight = exp(weights[j] - largest);
			weights[j] = weight;
			sum += weight;
		}
		workgroupBarrier();
		acc *= shrink;
		if (place < ${groups}u) {
			for (var j = place; j < count; j += ${groups}u) {
				acc += weights[j] * cache[values + (base + j) * ${units}u + unit];
			}
		}
		workgroupBarrier();
	}
	shares[tid] = sum;
	mixed[tid] = acc;
	workgroupBarrier();
	if (tid < ${units}u) {
		var whole = 0.0;
		for (var i = 0u; i < min(positions, ${threads}u); i++) {
			whole += shares[i];
		}
		var value = Unit();
		for (var i = 0u; i < ${groups}u; i++) {
			value += mixed[i * ${units}u + tid];
		}
		out[at + tid] = value / whole;
	}
}`;
	return { label: 'decode attention', code, bindings: ['read', 'read', 'read', 'write'] };
}
