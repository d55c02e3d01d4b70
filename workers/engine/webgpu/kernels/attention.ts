/**
 * Causal attention with online softmax (Milakov & Gimelshein 2018; FlashAttention, Dao et al. 2022): no tensor of scores, forward or
 * backward. A workgroup has a tile of queries (or keys) of one row and one head; every one of them is worked on by several threads,
 * each of which takes four of the other side at a time and keeps a softmax of its own; these are joined at the end, in a fixed order.
 * Keys and values are read through the caches: neighbouring threads ask for the same ones.
 *
 * Shapes: qkv [positions, queries | keys | values], rotated; mixed [positions, queries]; logSum and delta [positions, heads].
 */
import type { DecoderShape } from './decoder-shape';
import type { KernelSource } from '../kernel';
import { f32, groupsOf4, isVector, kernelSource, unrolled, type Binding } from './wgsl';

const THREADS = 64;

/** Queries or keys of one workgroup; fewer of large heads, for the sake of workgroup memory. */
export const attentionTile = ({ headDim }: DecoderShape): number => (headDim <= 64 ? 16 : 8);

const tiles: Binding = { name: 'tiles', access: 'read', type: 'array<vec4u>' };
const floats = (name: string, access: 'read' | 'write' = 'read'): Binding => ({
	name,
	access,
	type: 'array<f32>'
});

interface HeadPlan {
	s: DecoderShape;
	/** Groups of four in a head, and their distance in workgroup memory: odd, against bank conflicts. */
	groups: number;
	stride: number;
	tile: number;
	/** Threads to a query or key. */
	split: number;
	vectors: boolean;
}

function headPlan(s: DecoderShape): HeadPlan {
	const groups = groupsOf4(s.headDim);
	const tile = attentionTile(s);
	return {
		s,
		groups,
		stride: groups + 1 - (groups % 2),
		tile,
		split: THREADS / tile,
		vectors: isVector(s.headDim)
	};
}

const heads = (plan: HeadPlan, name: string, access: 'read' | 'write' = 'read'): Binding => ({
	name,
	access,
	type: plan.vectors ? 'array<vec4f>' : 'array<f32>'
});

/** Function `name(row, column, i)`: group i of the head that begins at `column`. */
function loadHead(plan: HeadPlan, name: string, binding: string, columns: number): string {
	const { s, vectors } = plan;
	const head = `fn ${name}(row: u32, column: u32, i: u32) -> vec4f {`;
	return vectors
		? `${head} return ${binding}[(row * ${columns}u + column) / 4u + i]; }`
		: `${head}
	let at = row * ${columns}u + column + 4u * i;
	var v = vec4f(${binding}[at], ${binding}[at + 1u], 0.0, 0.0);
	if (4u * i + 2u < ${s.headDim}u) { v = vec4f(v.xy, ${binding}[at + 2u], ${binding}[at + 3u]); }
	return v;
}`;
}

/** The tile of this workgroup, and which query or key and which share of the work this thread has. */
const place = ({ tile }: HeadPlan): string => `let tile = tiles[group.x];
	let local = lane % ${tile}u;
	let share = lane / ${tile}u;
	let isReal = local < tile.y;
	let mine = tile.x + min(local, tile.y - 1u);`;

/** Copies heads of the tile's positions into workgroup memory. */
const fill = ({ groups, stride, tile }: HeadPlan, to: string, value: string): string =>
	`for (var i = lane; i < ${tile * groups}u; i += ${THREADS}u) {
		let row = tile.x + min(i / ${groups}u, tile.y - 1u);
		let c = i % ${groups}u;
		${to}[i / ${groups}u * ${stride}u + c] = ${value};
	}`;

const tileMemory = ({ tile, stride }: HeadPlan, name: string): string =>
	`var<workgroup> ${name}: array<vec4f, ${tile * stride}>;`;

const headOf = ({ s }: HeadPlan): string => `let head = group.y;
	let column = head * ${s.headDim}u;
	let keyColumn = ${s.queryColumns}u + head / ${s.heads / s.kvHeads}u * ${s.headDim}u;
	let valueColumn = keyColumn + ${s.keyColumns}u;`;

const scaleOf = ({ headDim }: DecoderShape): string => f32(1 / Math.sqrt(headDim));

/** Four dot products of the group `own` with four neighbours. */
const dots = (to: string, own: string, load: (at: string) => string): string =>
	`${to} += vec4f(dot(${own}, ${load('at.x')}), dot(${own}, ${load('at.y')}), dot(${own}, ${load('at.z')}), dot(${own}, ${load('at.w')}));`;

/** sum<i> += weights * four neighbours. */
const addWeighted = (
	plan: HeadPlan,
	weights: string,
	load: (at: string, i: number) => string
): string =>
	unrolled(
		plan.groups,
		(i) =>
			`sum${i} += ${weights}.x * ${load('at.x', i)} + ${weights}.y * ${load('at.y', i)} + ${weights}.z * ${load('at.z', i)} + ${weights}.w * ${load('at.w', i)};`
	);

/** Adds the sums of all shares into those of share 0 and leaves them in `memory`. */
const joinSums = (plan: HeadPlan, memory: string): string => {
	const at = (i: number) => `${memory}[local * ${plan.stride}u + ${i}u]`;
	return `workgroupBarrier();
	for (var other = 1u; other < ${plan.split}u; other++) {
		if (share == other) {
			${unrolled(plan.groups, (i) => `${at(i)} = sum${i};`)}
		}
		workgroupBarrier();
		if (share == 0u) {
			${unrolled(plan.groups, (i) => `sum${i} += ${at(i)};`)}
		}
		workgroupBarrier();
	}
	if (share == 0u) {
		${unrolled(plan.groups, (i) => `${at(i)} = sum${i};`)}
	}
	workgroupBarrier();`;
};

/** Turns pairs back by their positions, scales them, and writes them to dQkv. */
const storeRotatedBack = (plan: HeadPlan, memory: string, column: string): string => {
	const half = plan.s.headDim / 2;
	const component = (p: string) => `${memory}[r * ${plan.stride}u + (${p}) / 4u][(${p}) % 4u]`;
	return `for (var i = lane; i < tile.y * ${half}u; i += ${THREADS}u) {
		let r = i / ${half}u;
		let p = i % ${half}u;
		let turn = rope[(tile.x + r - tile.z) * ${half}u + p];
		let a = ${component('p')} * ${scaleOf(plan.s)};
		let b = ${component(`p + ${half}u`)} * ${scaleOf(plan.s)};
		let at = (tile.x + r) * ${plan.s.qkvColumns}u + ${column} + p;
		dQkv[at] = a * turn.x + b * turn.y;
		dQkv[at + ${half}u] = b * turn.x - a * turn.y;
	}`;
};

const entry = (body: string): string => `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	${body}
}`;

/** qkv, tiles, mixed, logSum. Grid: tiles, heads. */
export function attention(s: DecoderShape): KernelSource {
	const plan = headPlan(s);
	const own = (i: string) => `queries[local * ${plan.stride}u + ${i}]`;
	const each = (line: (i: number) => string) => unrolled(plan.groups, line);
	return kernelSource(
		'attention',
		[heads(plan, 'qkv'), tiles, heads(plan, 'mixed', 'write'), floats('logSum', 'write')],
		`${loadHead(plan, 'load', 'qkv', s.qkvColumns)}
${tileMemory(plan, 'queries')}
var<workgroup> otherLargest: array<f32, ${plan.tile}>;
var<workgroup> otherTotal: array<f32, ${plan.tile}>;
${entry(`${place(plan)}
	${headOf(plan)}
	${fill(plan, 'queries', `load(row, column, c) * ${scaleOf(s)}`)}
	workgroupBarrier();
	var largest = -1e30;
	var total = 0.0;
	${each((i) => `var sum${i} = vec4f();`)}
	for (var k = tile.z + 4u * share; k <= mine; k += ${4 * plan.split}u) {
		let at = min(k + vec4u(0u, 1u, 2u, 3u), vec4u(mine));
		var scores = vec4f();
		for (var i = 0u; i < ${plan.groups}u; i++) {
			let q = ${own('i')};
			${dots('scores', 'q', (row) => `load(${row}, keyColumn, i)`)}
		}
		let isSeen = k + vec4u(0u, 1u, 2u, 3u) <= vec4u(mine);
		scores = select(vec4f(-1e30), scores, isSeen);
		let next = max(largest, max(max(scores.x, scores.y), max(scores.z, scores.w)));
		let keep = exp(largest - next);
		let p = select(vec4f(), exp(scores - next), isSeen);
		total = total * keep + p.x + p.y + p.z + p.w;
		largest = next;
		${each((i) => `sum${i} *= keep;`)}
		${addWeighted(plan, 'p', (row, i) => `load(${row}, valueColumn, ${i}u)`)}
	}
	workgroupBarrier();
	for (var other = 1u; other < ${plan.split}u; other++) {
		if (share == other) {
			${each((i) => `${own(`${i}u`)} = sum${i};`)}
			otherLargest[local] = largest;
			otherTotal[local] = total;
		}
		workgroupBarrier();
		if (share == 0u) {
			let next = max(largest, otherLargest[local]);
			let keep = exp(largest - next);
			let take = exp(otherLargest[local] - next);
			${each((i) => `sum${i} = sum${i} * keep + ${own(`${i}u`)} * take;`)}
			total = total * keep + otherTotal[local] * take;
			largest = next;
		}
		workgroupBarrier();
	}
	if (share == 0u) {
		${each((i) => `${own(`${i}u`)} = sum${i} / total;`)}
		if (isReal) { logSum[mine * ${s.heads}u + head] = largest + log(total); }
	}
	workgroupBarrier();
	for (var i = lane; i < tile.y * ${plan.groups}u; i += ${THREADS}u) {
		let r = i / ${plan.groups}u;
		let c = i % ${plan.groups}u;
		let v = queries[r * ${plan.stride}u + c];
		${storeHead(plan, 'mixed', s.queryColumns, 'tile.x + r', 'column', 'c', 'v')}
	}`)}`
	);
}

const storeHead = (
	plan: HeadPlan,
	binding: string,
	columns: number,
	row: string,
	column: string,
	i: string,
	v: string
): string =>
	plan.vectors
		? `${binding}[((${row}) * ${columns}u + ${column}) / 4u + ${i}] = ${v};`
		: `let to = (${row}) * ${columns}u + ${column} + 4u * ${i};
		${binding}[to] = ${v}.x;
		${binding}[to + 1u] = ${v}.y;
		if (4u * ${i} + 2u < ${plan.s.headDim}u) { ${binding}[to + 2u] = ${v}.z; ${binding}[to + 3u] = ${v}.w; }`;

/** Also leaves delta, the sum of dMixed * mixed. qkv, mixed, dMixed, logSum, tiles, rope, dQkv, delta. Grid: tiles, heads. */
export function attentionQueryGradient(s: DecoderShape): KernelSource {
	const plan = headPlan(s);
	const at = (memory: string) => `${memory}[local * ${plan.stride}u + i]`;
	return kernelSource(
		'attention: query gradient',
		[
			heads(plan, 'qkv'),
			heads(plan, 'mixed'),
			heads(plan, 'dMixed'),
			floats('logSum'),
			tiles,
			{ name: 'rope', access: 'read', type: 'array<vec2f>' },
			floats('dQkv', 'write'),
			floats('delta', 'write')
		],
		`${loadHead(plan, 'load', 'qkv', s.qkvColumns)}
${loadHead(plan, 'loadMixed', 'mixed', s.queryColumns)}
${loadHead(plan, 'loadGradient', 'dMixed', s.queryColumns)}
${tileMemory(plan, 'queries')}
${tileMemory(plan, 'gradients')}
var<workgroup> products: array<f32, ${plan.tile * plan.groups}>;
${entry(`${place(plan)}
	${headOf(plan)}
	${fill(plan, 'queries', `load(row, column, c) * ${scaleOf(s)}`)}
	for (var i = lane; i < ${plan.tile * plan.groups}u; i += ${THREADS}u) {
		let row = tile.x + min(i / ${plan.groups}u, tile.y - 1u);
		let c = i % ${plan.groups}u;
		let g = loadGradient(row, column, c);
		gradients[i / ${plan.groups}u * ${plan.stride}u + c] = g;
		products[i] = dot(g, loadMixed(row, column, c));
	}
	workgroupBarrier();
	var along = 0.0;
	for (var i = 0u; i < ${plan.groups}u; i++) { along += products[local * ${plan.groups}u + i]; }
	let logTotal = logSum[mine * ${s.heads}u + head];
	if (share == 0u && isReal) { delta[mine * ${s.heads}u + head] = along; }
	${unrolled(plan.groups, (i) => `var sum${i} = vec4f();`)}
	for (var k = tile.z + 4u * share; k <= mine; k += ${4 * plan.split}u) {
		let at = min(k + vec4u(0u, 1u, 2u, 3u), vec4u(mine));
		var scores = vec4f();
		var dp = vec4f();
		for (var i = 0u; i < ${plan.groups}u; i++) {
			let q = ${at('queries')};
			${dots('scores', 'q', (row) => `load(${row}, keyColumn, i)`)}
			let g = ${at('gradients')};
			${dots('dp', 'g', (row) => `load(${row}, valueColumn, i)`)}
		}
		// Never above 0 but for rounding; an overflow of what is masked must not happen.
		let p = select(vec4f(), exp(min(scores - logTotal, vec4f(1.0))), k + vec4u(0u, 1u, 2u, 3u) <= vec4u(mine));
		let ds = p * (dp - along);
		${addWeighted(plan, 'ds', (row, i) => `load(${row}, keyColumn, ${i}u)`)}
	}
	${joinSums(plan, 'queries')}
	${storeRotatedBack(plan, 'queries', 'column')}`)}`
	);
}

/** qkv, dMixed, logSum, delta, tiles, rope, dQkv. Grid: tiles, key heads, 2 (values, then keys). */
export function attentionKeyValueGradient(s: DecoderShape): KernelSource {
	const plan = headPlan(s);
	const perKey = s.heads / s.kvHeads;
	const at = (memory: string) => `${memory}[local * ${plan.stride}u + i]`;
	const storeValues = `for (var i = lane; i < tile.y * ${s.headDim}u; i += ${THREADS}u) {
			let r = i / ${s.headDim}u;
			let p = i % ${s.headDim}u;
			dQkv[(tile.x + r) * ${s.qkvColumns}u + valueColumn + p] = keys[r * ${plan.stride}u + p / 4u][p % 4u];
		}`;
	return kernelSource(
		'attention: key and value gradient',
		[
			heads(plan, 'qkv'),
			heads(plan, 'dMixed'),
			floats('logSum'),
			floats('delta'),
			tiles,
			{ name: 'rope', access: 'read', type: 'array<vec2f>' },
			floats('dQkv', 'write')
		],
		`${loadHead(plan, 'load', 'qkv', s.qkvColumns)}
${loadHead(plan, 'loadGradient', 'dMixed', s.queryColumns)}
${tileMemory(plan, 'keys')}
${tileMemory(plan, 'values')}
${entry(`${place(plan)}
	let keyColumn = ${s.queryColumns}u + group.y * ${s.headDim}u;
	let valueColumn = keyColumn + ${s.keyColumns}u;
	let isOfKeys = group.z == 1u;
	${fill(plan, 'keys', `load(row, keyColumn, c) * ${scaleOf(s)}`)}
	${fill(plan, 'values', 'load(row, valueColumn, c)')}
	workgroupBarrier();
	${unrolled(plan.groups, (i) => `var sum${i} = vec4f();`)}
	for (var head = group.y * ${perKey}u; head < (group.y + 1u) * ${perKey}u; head++) {
		let column = head * ${s.headDim}u;
		for (var q = tile.x + 4u * share; q < tile.w; q += ${4 * plan.split}u) {
			let at = min(q + vec4u(0u, 1u, 2u, 3u), vec4u(tile.w - 1u));
			var scores = vec4f();
			for (var i = 0u; i < ${plan.groups}u; i++) {
				let k = ${at('keys')};
				${dots('scores', 'k', (row) => `load(${row}, column, i)`)}
			}
			let sums = at * ${s.heads}u + head;
			let logTotals = vec4f(logSum[sums.x], logSum[sums.y], logSum[sums.z], logSum[sums.w]);
			let isSeen = (q + vec4u(0u, 1u, 2u, 3u) >= vec4u(mine)) & (q + vec4u(0u, 1u, 2u, 3u) < vec4u(tile.w));
			let p = select(vec4f(), exp(min(scores - logTotals, vec4f(1.0))), isSeen);
			if (isOfKeys) {
				var dp = vec4f();
				for (var i = 0u; i < ${plan.groups}u; i++) {
					let v = ${at('values')};
					${dots('dp', 'v', (row) => `loadGradient(${row}, column, i)`)}
				}
				let along = vec4f(delta[sums.x], delta[sums.y], delta[sums.z], delta[sums.w]);
				let ds = p * (dp - along);
				${addWeighted(plan, 'ds', (row, i) => `load(${row}, column, ${i}u)`)}
			} else {
				${addWeighted(plan, 'p', (row, i) => `loadGradient(${row}, column, ${i}u)`)}
			}
		}
	}
	${joinSums(plan, 'keys')}
	if (isOfKeys) {
		${storeRotatedBack(plan, 'keys', 'keyColumn')}
	} else {
		${storeValues}
	}`)}`
	);
}
