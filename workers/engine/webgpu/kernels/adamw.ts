/**
 * AdamW (src/core/methods/adamw.ts) with a clipped global norm, for all tensors at once: partial sums of squares, their sum and the clip
 * factor, the update. Pools are cut into ranges that share a learning rate and decay; a range that does not learn now is left alone,
 * but all gradients are cleared on the way.
 */
import { ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON } from '../../../../src/core/methods/adamw';
import type { KernelSource } from '../kernel';
import { LINEAR_GROUP, f32, kernelSource, type Binding } from './wgsl';

const THREADS = 64;
/** Most workgroups of the first kernel; their sums are added by one workgroup. */
export const NORM_GROUPS = 1024;

/** Workgroups of the first kernel for a pool of so many floats. */
export const normGroups = (floats: number): number => Math.min(NORM_GROUPS, updateGroups(floats));

/** The same in WGSL. */
const GROUPS = `min(${NORM_GROUPS}u, (update.length + ${THREADS - 1}u) / ${THREADS}u)`;
export const MOST_RANGES = 8;
export const UPDATE_BYTES = 16 + 32 * MOST_RANGES;

export const updateGroups = (floats: number): number => Math.ceil(floats / 4 / THREADS);

const UPDATE_STRUCT = `struct Range { begin: u32, end: u32, isLearning: u32, unused: u32, stepSize: f32, keep: f32, rootCorrection: f32, unused2: f32 }
struct Update { ranges: u32, length: u32, clipNorm: f32, isClipped: u32, list: array<Range, ${MOST_RANGES}> }`;

const UPDATE: Binding = { name: 'update', access: 'uniform', type: 'Update' };

export interface UpdateRange {
	/** Floats from the pool's start; multiples of four. */
	start: number;
	end: number;
	isLearning: boolean;
	stepSize: number;
	keep: number;
	rootCorrection: number;
}

export function writeUpdate(
	view: DataView,
	ranges: readonly UpdateRange[],
	o: { length: number; clipNorm: number }
): void {
	view.setUint32(0, ranges.length, true);
	view.setUint32(4, o.length / 4, true);
	view.setFloat32(8, Number.isFinite(o.clipNorm) ? o.clipNorm : 0, true);
	view.setUint32(12, Number(Number.isFinite(o.clipNorm)), true);
	ranges.forEach((range, i) => {
		const at = 16 + 32 * i;
		view.setUint32(at, range.start / 4, true);
		view.setUint32(at + 4, range.end / 4, true);
		view.setUint32(at + 8, Number(range.isLearning), true);
		view.setFloat32(at + 16, range.stepSize, true);
		view.setFloat32(at + 20, range.keep, true);
		view.setFloat32(at + 24, range.rootCorrection, true);
	});
}

/** Infinities and NaN are told by their bits: WGSL lets a compiler assume that there are none. */
const IS_BAD = 'fn isBad(bits: u32) -> bool { return (bits & 0x7f800000u) == 0x7f800000u; }';

const treeSum = `for (var width = ${THREADS / 2}u; width > 0u; width >>= 1u) {
		if (lane < width) { spare[lane] += spare[lane + width]; }
		workgroupBarrier();
	}`;

/** gradient, sums, update. `normGroups` workgroups. */
export function squareSums(): KernelSource {
	return kernelSource(
		'gradient norm: parts',
		[
			{ name: 'gradient', access: 'read', type: 'array<vec4u>' },
			{ name: 'sums', access: 'write', type: 'array<vec2f>' },
			UPDATE
		],
		`${UPDATE_STRUCT}
${IS_BAD}
var<workgroup> spare: array<vec2f, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let step = ${THREADS}u * ${GROUPS};
	var sum = vec2f();
	for (var r = 0u; r < update.ranges; r++) {
		let range = update.list[r];
		if (range.isLearning == 0u) { continue; }
		for (var i = range.begin + group.x * ${THREADS}u + lane; i < range.end; i += step) {
			let bits = gradient[i];
			if (isBad(bits.x) || isBad(bits.y) || isBad(bits.z) || isBad(bits.w)) {
				sum.y = 1.0;
			} else {
				let g = bitcast<vec4f>(bits);
				sum.x += dot(g, g);
			}
		}
	}
	spare[lane] = sum;
	workgroupBarrier();
	${treeSum}
	if (lane == 0u) { sums[group.x] = spare[0]; }
}`
	);
}

/** sums, norm (norm, gradient scale, 1 where not finite, 0), update. One workgroup. */
export function gradientNorm(): KernelSource {
	return kernelSource(
		'gradient norm',
		[
			{ name: 'sums', access: 'read', type: 'array<vec2u>' },
			{ name: 'norm', access: 'write', type: 'vec4f' },
			UPDATE
		],
		`${UPDATE_STRUCT}
${IS_BAD}
var<workgroup> spare: array<vec2f, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) lane: u32) {
	var sum = vec2f();
	let groups = ${GROUPS};
	for (var i = lane; i < groups; i += ${THREADS}u) {
		let bits = sums[i];
		if (isBad(bits.x) || bits.y != 0u) { sum.y = 1.0; } else { sum.x += bitcast<f32>(bits.x); }
	}
	spare[lane] = sum;
	workgroupBarrier();
	${treeSum}
	if (lane == 0u) {
		let total = spare[0];
		let isNotFinite = total.y != 0.0 || isBad(bitcast<u32>(total.x));
		let length = sqrt(total.x);
		let factor = select(1.0, min(1.0, update.clipNorm / (length + 1e-6)), update.isClipped != 0u);
		norm = vec4f(length, factor, select(0.0, 1.0, isNotFinite), 0.0);
	}
}`
	);
}

/** weights, gradient, m, v, norm, update */
export function adamwUpdate(): KernelSource {
	const pool = (name: string): Binding => ({ name, access: 'write', type: 'array<vec4f>' });
	return kernelSource(
		'AdamW',
		[
			pool('weights'),
			pool('gradient'),
			pool('m'),
			pool('v'),
			{ name: 'norm', access: 'read', type: 'vec4f' },
			UPDATE
		],
		`${UPDATE_STRUCT}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let i = (${LINEAR_GROUP}) * ${THREADS}u + lane;
	if (i >= update.length) { return; }
	let g = gradient[i] * norm.y;
	gradient[i] = vec4f();
	if (norm.z != 0.0) { return; }
	for (var r = 0u; r < update.ranges; r++) {
		let range = update.list[r];
		if (i >= range.begin && i < range.end && range.isLearning != 0u) {
			let m1 = ${f32(ADAM_BETA1)} * m[i] + ${f32(1 - ADAM_BETA1)} * g;
			let v1 = ${f32(ADAM_BETA2)} * v[i] + ${f32(1 - ADAM_BETA2)} * g * g;
			m[i] = m1;
			v[i] = v1;
			weights[i] = weights[i] * range.keep - range.stepSize * m1 / (sqrt(v1) * range.rootCorrection + ${f32(ADAM_EPSILON)});
		}
	}
}`
	);
}
