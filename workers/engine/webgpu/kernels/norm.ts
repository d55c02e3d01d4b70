/**
 * Gradient of RMSNorm (Zhang & Sennrich 2019): with u = x/rms and t = dy * gain, dx = (t - u * mean(t * u)) / rms and
 * dgain = sum over positions of dy * u. Positions are shared out in strips; each leaves its part of dgain to be summed at the end of the
 * pass, so that the order of sums is fixed.
 */
import type { DecoderShape } from './decoder-shape';
import type { KernelSource } from '../kernel';
import { PASS } from './linear-operands';
import { PASS_STRUCT } from './pass-uniform';
import {
	f32,
	groupsOf4,
	kernelSource,
	loadFunction,
	read,
	storeFunction,
	unrolled,
	write,
	type Binding,
	type Matrix
} from './wgsl';

/** Most workgroups of a norm's gradient: enough to fill a large GPU, few enough to sum up quickly. */
export const STRIPS = 128;

const THREADS = 256;

interface RowPlan {
	/** Threads to a row, and rows at once. */
	lanes: number;
	rowsAtOnce: number;
	/** Groups of four columns to a thread. */
	slots: number;
}

function rowPlan(columns: number): RowPlan {
	const groups = groupsOf4(columns);
	let lanes = 1;
	while (lanes < Math.min(groups, 64)) {
		lanes *= 2;
	}
	return { lanes, rowsAtOnce: THREADS / lanes, slots: Math.ceil(groups / lanes) };
}

/** Workgroups of a norm's gradient: no more than there is work for. */
export const stripCount = (columns: number, positions: number): number =>
	Math.min(STRIPS, Math.ceil(positions / rowPlan(columns).rowsAtOnce));

/** The same in WGSL. */
export function stripsInPass(columns: number): string {
	const { rowsAtOnce } = rowPlan(columns);
	return `min(${STRIPS}u, (numbers.positions + ${rowsAtOnce - 1}u) / ${rowsAtOnce}u)`;
}

const inverseRms: Binding = { name: 'inverseRms', access: 'read', type: 'array<f32>' };
const parts: Binding = { name: 'parts', access: 'write', type: 'array<f32>' };

/** Inside the residual stream: adds to dx. x, inverseRms, gain, dy, dx, parts (from this gain on), pass */
export function normGradient(s: DecoderShape): KernelSource {
	return normGradientKernel(s, null);
}

/**
 * The final norm: starts dx from what the vocabulary head left in `dySplits` parts and from the scalar heads, whose own gradient it
 * takes along. x, inverseRms, gain, dy, dx, parts (all), dValues, heads, pass
 *
 * @param o Where the gain and the heads lie in the parts, in floats.
 */
export function finalNormGradient(
	s: DecoderShape,
	o: { valueHeads: number; dySplits: number; gainAt: number; headsAt: number }
): KernelSource {
	return normGradientKernel(s, o);
}

function normGradientKernel(
	s: DecoderShape,
	final: { valueHeads: number; dySplits: number; gainAt: number; headsAt: number } | null
): KernelSource {
	const { lanes, rowsAtOnce, slots } = rowPlan(s.hidden);
	const matrix = (name: string): Matrix => ({ name, columns: s.hidden });
	const heads = final?.valueHeads ?? 0;
	const each = (line: (i: number) => string) => unrolled(slots, line);
	const eachHead = (line: (k: number) => string) => unrolled(heads, line);
	const dy = final
		? `if (numbers.hasVocabulary != 0u) {
			for (var part = 0u; part < ${final.dySplits}u; part++) { dy += loadDy(part * numbers.positions + row, c4); }
		}
		${eachHead((k) => `dy += value${k} * loadHead(${k}u, c4);`)}`
		: 'dy = loadDy(row, c4);';
	// One component after the other: workgroup memory stays small, and this happens once a strip.
	const finish = (i: number, sum: string, at: string, isLast: boolean) => `
	for (var e = 0u; e < 4u; e++) {
		spare[lane] = ${sum}[e];
		workgroupBarrier();
		let column = 4u * (lane + ${i * lanes}u) + e;
		if (lane < ${lanes}u && column < ${isLast ? groupsOf4(s.hidden) * 4 : s.hidden}u) {
			var sum = 0.0;
			for (var r = 0u; r < ${rowsAtOnce}u; r++) { sum += spare[r * ${lanes}u + lane]; }
			parts[${at} + column] = sum;
		}
		workgroupBarrier();
	}`;
	return kernelSource(
		final ? 'final norm gradient' : 'norm gradient',
		[
			read(matrix('x')),
			inverseRms,
			read(matrix('gain')),
			read(matrix('dy')),
			write(matrix('dx')),
			parts,
			...(heads > 0
				? [{ name: 'dValues', access: 'read' as const, type: 'array<f32>' }, read(matrix('heads'))]
				: []),
			PASS
		],
		`${PASS_STRUCT}
${loadFunction('loadX', matrix('x'))}
${loadFunction('loadGain', matrix('gain'))}
${loadFunction('loadDy', matrix('dy'))}
${final ? '' : loadFunction('loadDx', matrix('dx'))}
${storeFunction('storeDx', matrix('dx'))}
${heads > 0 ? loadFunction('loadHead', matrix('heads')) : ''}
var<workgroup> spare: array<f32, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let c = lane % ${lanes}u;
	let strips = ${stripsInPass(s.hidden)};
	let height = (numbers.positions + strips - 1u) / strips;
	let begin = min(numbers.positions, group.x * height);
	let end = min(numbers.positions, begin + height);
	${each((i) => `var gain${i} = vec4f();`)}
	${eachHead((k) => each((i) => `var head${k}${i} = vec4f();`))}
	for (var row0 = begin; row0 < end; row0 += ${rowsAtOnce}u) {
		let row = row0 + lane / ${lanes}u;
		let isReal = row < end;
		var r = 0.0;
		if (isReal) { r = inverseRms[row]; }
		${eachHead((k) => `var value${k} = 0.0; if (isReal && numbers.hasValues != 0u) { value${k} = dValues[row * ${heads}u + ${k}u]; }`)}
		var along = 0.0;
		${each(
			(i) => `var t${i} = vec4f();
		var u${i} = vec4f();
		if (isReal && c + ${i * lanes}u < ${groupsOf4(s.hidden)}u) {
			let c4 = c + ${i * lanes}u;
			let gain = loadGain(0u, c4);
			var dy = vec4f();
			${dy}
			u${i} = loadX(row, c4) * r;
			t${i} = dy * gain;
			along += dot(t${i}, u${i});
			gain${i} += dy * u${i};
			${eachHead((k) => `head${k}${i} += value${k} * u${i} * gain;`)}
		}`
		)}
		spare[lane] = along;
		workgroupBarrier();
		along = 0.0;
		for (var i = 0u; i < ${lanes}u; i++) { along += spare[lane / ${lanes}u * ${lanes}u + i]; }
		along /= ${f32(s.hidden)};
		${each(
			(i) => `if (isReal && c + ${i * lanes}u < ${groupsOf4(s.hidden)}u) {
			let c4 = c + ${i * lanes}u;
			storeDx(row, c4, ${final ? '' : 'loadDx(row, c4) + '}r * (t${i} - u${i} * along));
		}`
		)}
		workgroupBarrier();
	}
	let strip = group.x * numbers.vectorStride;
	// The last row of a tensor fills up its group of four with zeros: what another model has left there must not be summed.
	${each((i) => finish(i, `gain${i}`, `strip + ${final?.gainAt ?? 0}u`, true))}
	${eachHead((k) => each((i) => finish(i, `head${k}${i}`, `strip + ${(final?.headsAt ?? 0) + k * s.hidden}u`, k + 1 === heads)))}
}`
	);
}
