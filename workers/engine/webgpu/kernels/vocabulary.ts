/**
 * Log-probability of the next token and entropy under softmax(logits / temperature), in one reading of the logits, and the gradient
 * by the logits in their place: with z = logits / temperature, p = softmax(z) and H the entropy,
 * dz = dLogProb * (onehot - p) - dEntropy * p * (log p + H).
 */
import type { DecoderShape } from './decoder-shape';
import type { KernelSource } from '../kernel';
import { PASS } from './linear-operands';
import { PASS_STRUCT } from './pass-uniform';
import { LINEAR_GROUP, kernelSource } from './wgsl';

/** Threads to a position; a large vocabulary has few positions at once. */
const threadsOf = (vocab: number): number => (vocab < 8192 ? 64 : 256);

/** logits, nextIds, dLogProb, dEntropy, logProb, entropy, pass. A workgroup for each position of the part. */
export function tokenStatistics({ vocab }: DecoderShape): KernelSource {
	const threads = threadsOf(vocab);
	return kernelSource(
		'token statistics',
		[
			{ name: 'logits', access: 'write', type: 'array<f32>' },
			{ name: 'nextIds', access: 'read', type: 'array<u32>' },
			{ name: 'dLogProb', access: 'read', type: 'array<f32>' },
			{ name: 'dEntropy', access: 'read', type: 'array<f32>' },
			{ name: 'logProb', access: 'write', type: 'array<f32>' },
			{ name: 'entropy', access: 'write', type: 'array<f32>' },
			PASS
		],
		`${PASS_STRUCT}
// Largest z, sum of exp(z - largest), sum of exp(z - largest) * (z - largest).
var<workgroup> spare: array<vec3f, ${threads}>;
fn joined(a: vec3f, b: vec3f) -> vec3f {
	let largest = max(a.x, b.x);
	let keepA = exp(a.x - largest);
	let keepB = exp(b.x - largest);
	return vec3f(
		largest,
		a.y * keepA + b.y * keepB,
		keepA * (a.z + a.y * (a.x - largest)) + keepB * (b.z + b.y * (b.x - largest))
	);
}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let row = ${LINEAR_GROUP};
	if (row >= numbers.count) { return; }
	let start = row * ${vocab}u;
	var mine = vec3f(-1e30, 0.0, 0.0);
	for (var i = lane; i < ${vocab}u; i += ${threads}u) {
		let z = logits[start + i] * numbers.inverseTemperature;
		if (z <= mine.x) {
			let e = exp(z - mine.x);
			mine = vec3f(mine.x, mine.y + e, mine.z + e * (z - mine.x));
		} else {
			let keep = exp(mine.x - z);
			mine = vec3f(z, mine.y * keep + 1.0, keep * (mine.z + mine.y * (mine.x - z)));
		}
	}
	spare[lane] = mine;
	workgroupBarrier();
	for (var width = ${threads / 2}u; width > 0u; width >>= 1u) {
		if (lane < width) { spare[lane] = joined(spare[lane], spare[lane + width]); }
		workgroupBarrier();
	}
	let all = spare[0];
	let logTotal = log(all.y);
	let h = max(0.0, logTotal - all.z / all.y);
	let position = numbers.first + row;
	let next = nextIds[position];
	if (lane == 0u) {
		logProb[position] = logits[start + next] * numbers.inverseTemperature - all.x - logTotal;
		entropy[position] = h;
	}
	if (numbers.hasLogitGradient == 0u) { return; }
	// The chosen logit is read before anyone overwrites it.
	storageBarrier();
	let byLogProb = dLogProb[position];
	let byEntropy = dEntropy[position];
	for (var i = lane; i < ${vocab}u; i += ${threads}u) {
		let logP = logits[start + i] * numbers.inverseTemperature - all.x - logTotal;
		let p = exp(logP);
		let dz = byLogProb * (select(0.0, 1.0, i == next) - p) - byEntropy * p * (logP + h);
		logits[start + i] = dz * numbers.inverseTemperature;
	}
}`
	);
}
