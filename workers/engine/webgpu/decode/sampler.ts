/**
 * WGSL of the sampler, one workgroup a row: draws the next token by the Gumbel-max trick (the token with the largest
 * logit / temperature + Gumbel noise has exactly the softmax's distribution), and notes its log-probability under the whole distribution.
 * Noise is philox(seed; column, block of four ids, row), so a draw depends on seed, row, column and id alone.
 * Top-k and top-p cut the order (larger logit first, lower id first among equals) where `sampleRow` in core/methods/log-prob.ts
 * does; the place of the cut is found bit by bit, by counting.
 */
import type { ModelConfig } from '../../../../src/core/formats/model-config';
import type { KernelSource } from '../kernel';
import { STATE_CONSTANTS } from './decode-state';
import { PHILOX } from './philox';

/** Words of one row of logits: a multiple of 4. */
export function paddedVocab(vocabSize: number): number {
	return Math.ceil(vocabSize / 4) * 4;
}

/**
 * Bindings: state, logits [row, paddedVocab], results; with value heads also the residual stream, the final norm's gain and the heads.
 * Results, in words: tokens [rows, T], log-probabilities [rows, T], values [rows, T]. Grid: [rows to draw for].
 */
export function decodeSampler(c: ModelConfig): KernelSource {
	const hasValue = c.valueHeads > 0;
	const blocks = paddedVocab(c.vocabSize) / 4;
	// A workgroup's barriers are dear where there is little to do between them.
	const threads = blocks > 4096 ? 256 : 128;
	const idBits = Math.max(1, Math.ceil(Math.log2(c.vocabSize)));
	const code = `
${STATE_CONSTANTS}
const VOCAB = ${c.vocabSize}u;
const BLOCKS = ${blocks}u;
const ALL_IDS = 0xffffffffu;
@group(0) @binding(0) var<storage, read> state : array<u32>;
@group(0) @binding(1) var<storage, read> logits : array<vec4f>;
@group(0) @binding(2) var<storage, read_write> results : array<u32>;
${
	hasValue
		? `@group(0) @binding(3) var<storage, read> stream : array<f32>;
@group(0) @binding(4) var<storage, read> gain : array<f32>;
@group(0) @binding(5) var<storage, read> heads : array<f32>;`
		: ''
}
var<workgroup> shares : array<f32, ${threads}>;
var<workgroup> reduced : f32;
var<workgroup> candidates : array<u32, ${threads}>;
${PHILOX}

// Keeps the tokens down to this place in the order.
struct Cut { key : u32, id : u32 }

fn reduceSum(share : f32, tid : u32) -> f32 {
	workgroupBarrier();
	shares[tid] = share;
	for (var half = ${threads / 2}u; half > 0u; half >>= 1u) {
		workgroupBarrier();
		if (tid < half) { shares[tid] += shares[tid + half]; }
	}
	if (tid == 0u) { reduced = shares[0]; }
	return workgroupUniformLoad(&reduced);
}

fn reduceMax(share : f32, tid : u32) -> f32 {
	workgroupBarrier();
	shares[tid] = share;
	for (var half = ${threads / 2}u; half > 0u; half >>= 1u) {
		workgroupBarrier();
		if (tid < half) { shares[tid] = max(shares[tid], shares[tid + half]); }
	}
	if (tid == 0u) { reduced = shares[0]; }
	return workgroupUniformLoad(&reduced);
}

// Unsigned integers in the order of the floats.
fn orderKey(x : f32) -> u32 {
	let bits = bitcast<u32>(x);
	return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn isKept(key : u32, id : u32, cut : Cut) -> bool {
	return key > cut.key || (key == cut.key && id <= cut.id);
}

// Of the tokens that \`cut\` keeps, those above \`key\` and those equal to it with ids below \`ids\`: their number or their weight.
fn measure(row : u32, largest : f32, temperature : f32, cut : Cut, isWeighted : bool, key : u32, ids : u32, tid : u32) -> f32 {
	var share = 0.0;
	for (var block = tid; block < BLOCKS; block += ${threads}u) {
		let four = logits[row * BLOCKS + block];
		for (var i = 0u; i < 4u; i++) {
			let id = 4u * block + i;
			let k = orderKey(four[i]);
			if (id < VOCAB && isKept(k, id, cut) && (k > key || (k == key && id < ids))) {
				share += select(1.0, exp((four[i] - largest) / temperature), isWeighted);
			}
		}
	}
	return reduceSum(share, tid);
}

// The shortest beginning of the order, within \`cut\`, that measures at least \`target\`.
fn shorten(row : u32, largest : f32, temperature : f32, cut : Cut, isWeighted : bool, target_ : f32, tid : u32) -> Cut {
	var key = 0u;
	for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
		if (measure(row, largest, temperature, cut, isWeighted, key | bit, ALL_IDS, tid) >= target_) {
			key |= bit;
		}
	}
	var id = 0u;
	for (var bit = ${2 ** (idBits - 1)}u; bit > 0u; bit >>= 1u) {
		if (measure(row, largest, temperature, cut, isWeighted, key, id | bit, tid) < target_) {
			id |= bit;
		}
	}
	return Cut(key, id);
}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_index) tid : u32) {
	let row = state[DRAW + group.x];
	let column = state[COLUMN] + 1u;
	let columns = state[COLUMNS];
	let temperature = bitcast<f32>(state[TEMPERATURE]);
	let isGreedy = temperature == 0.0;

	var high = -3e38;
	var failures = 0.0;
	for (var block = tid; block < BLOCKS; block += ${threads}u) {
		let four = logits[row * BLOCKS + block];
		for (var i = 0u; i < 4u; i++) {
			if (4u * block + i < VOCAB) {
				// Comparisons with NaN may be optimised away; its bits may not.
				failures += select(0.0, 1.0, (bitcast<u32>(four[i]) & 0x7f800000u) == 0x7f800000u);
				high = max(high, four[i]);
			}
		}
	}
	let largest = reduceMax(high, tid);
	let isFailed = reduceSum(failures, tid) > 0.0;

	var cut = Cut(0u, ALL_IDS);
	if (!isGreedy && state[TOP_K] > 0u && state[TOP_K] < VOCAB) {
		cut = shorten(row, largest, temperature, cut, false, f32(state[TOP_K]), tid);
	}
	if (!isGreedy && bitcast<f32>(state[TOP_P]) < 1.0) {
		let mass = measure(row, largest, temperature, cut, true, 0u, ALL_IDS, tid);
		// At least the first token, however small top-p is.
		let wanted = max(bitcast<f32>(state[TOP_P]) * mass, 1e-30);
		cut = shorten(row, largest, temperature, cut, true, wanted, tid);
	}

	let seed = vec2u(state[SEED], state[SEED + 1u]);
	let rowLow = state[FIRST] + row;
	let rowHigh = state[FIRST + 1u] + select(0u, 1u, rowLow < row);
	var sum = 0.0;
	var best = -3e38;
	var bestId = NO_TOKEN;
	for (var block = tid; block < BLOCKS; block += ${threads}u) {
		let four = logits[row * BLOCKS + block];
		let noise = philox(vec4u(column, block, rowLow, rowHigh), seed);
		for (var i = 0u; i < 4u; i++) {
			let id = 4u * block + i;
			if (id < VOCAB) {
				let below = four[i] - largest;
				var score = below;
				if (!isGreedy) {
					sum += exp(below / temperature);
					score = below / temperature + gumbel(noise[i]);
				}
				if (score > best && isKept(orderKey(four[i]), id, cut)) {
					best = score;
					bestId = id;
				}
			}
		}
	}
	let total = reduceSum(sum, tid);
	workgroupBarrier();
	shares[tid] = best;
	candidates[tid] = bestId;
	for (var half = ${threads / 2}u; half > 0u; half >>= 1u) {
		workgroupBarrier();
		if (tid < half) {
			let score = shares[tid + half];
			let id = candidates[tid + half];
			if (score > shares[tid] || (score == shares[tid] && id < candidates[tid])) {
				shares[tid] = score;
				candidates[tid] = id;
			}
		}
	}
	workgroupBarrier();
	if (tid == 0u) {
		let id = candidates[0];
		let at = row * columns + column;
		results[at] = select(id, NO_TOKEN, isFailed);
		var logProb = 0.0;
		if (!isGreedy && id < VOCAB) {
			logProb = (logits[row * BLOCKS + id / 4u][id % 4u] - largest) / temperature - log(total);
		}
		results[state[ROWS] * columns + at] = bitcast<u32>(logProb);
	}
	${
		hasValue
			? `var squares = 0.0;
	var value = 0.0;
	for (var i = tid; i < ${c.hiddenSize}u; i += ${threads}u) {
		let x = stream[row * ${c.hiddenSize}u + i];
		squares += x * x;
		value += x * gain[i] * heads[i];
	}
	let scale = inverseSqrt(reduceSum(squares, tid) / ${c.hiddenSize}.0 + ${c.rmsNormEps.toExponential()});
	let head = reduceSum(value, tid) * scale;
	if (tid == 0u) {
		// The value after the token at the column before the drawn one.
		results[2u * state[ROWS] * columns + row * columns + column - 1u] = bitcast<u32>(head);
	}`
			: ''
	}
}`;
	return {
		label: 'decode sampler',
		code,
		bindings: ['read', 'read', 'write', ...(hasValue ? (['read', 'read', 'read'] as const) : [])]
	};
}
