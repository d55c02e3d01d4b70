/** What a graphics card can do at most in float32 here: a kernel of nothing but independent fused multiply-adds. */
import type { GpuContext } from '../../../workers/engine/gpu-device';

const WORKGROUP = 256;
const FEWEST_WORKGROUPS = 16;
/** Every adapter allows so many in one dimension. */
const MOST_WORKGROUPS = 65_535;
/** Long enough that submitting is no part of it. */
const LONG_ENOUGH_MS = 20;
const ACCUMULATORS = 8;
const ROUNDS = 1024;
/** A vec4 FMA is four multiplications and four additions. */
const FLOPS_PER_WORKGROUP = WORKGROUP * ACCUMULATORS * ROUNDS * 8;
const REPEATS = 5;
/** vec4s. */
const OUT_LENGTH = 2 ** 20;

const names = Array.from({ length: ACCUMULATORS }, (_, i) => `a${i}`);

// Accumulators start from the thread's number and are all stored, so that nothing can be left out or computed beforehand.
const CODE = `
@group(0) @binding(0) var<storage, read_write> out : array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id : vec3u) {
	let x = vec4f(f32(id.x % 97u) * 1e-3 + 0.5);
	let y = vec4f(f32(id.x % 89u) * 1e-3);
	${names.map((name, i) => `var ${name} = x + ${i}.0;`).join('\n\t')}
	for (var i = 0u; i < ${ROUNDS}u; i++) {
		${names.map((name) => `${name} = fma(${name}, x, y);`).join('\n\t\t')}
	}
	out[id.x % ${OUT_LENGTH}u] = ${names.join(' + ')};
}`;

/** Floating-point operations per second: the best of a few dispatches, from submit to done. */
export async function fmaPeak({ device }: GpuContext): Promise<number> {
	const out = device.createBuffer({
		// Threads beyond it wrap around: what is stored is never read.
		size: OUT_LENGTH * 16,
		usage: GPUBufferUsage.STORAGE
	});
	const pipeline = await device.createComputePipelineAsync({
		layout: 'auto',
		compute: { module: device.createShaderModule({ code: CODE }), entryPoint: 'main' }
	});
	const bindings = device.createBindGroup({
		layout: pipeline.getBindGroupLayout(0),
		entries: [{ binding: 0, resource: { buffer: out } }]
	});
	const dispatch = async (workgroups: number): Promise<number> => {
		const encoder = device.createCommandEncoder();
		const pass = encoder.beginComputePass();
		pass.setPipeline(pipeline);
		pass.setBindGroup(0, bindings);
		pass.dispatchWorkgroups(workgroups);
		pass.end();
		const started = performance.now();
		device.queue.submit([encoder.finish()]);
		await device.queue.onSubmittedWorkDone();
		return performance.now() - started;
	};
	// The first one may still be compiling.
	await dispatch(FEWEST_WORKGROUPS);
	let workgroups = FEWEST_WORKGROUPS;
	while (workgroups < MOST_WORKGROUPS && (await dispatch(workgroups)) < LONG_ENOUGH_MS) {
		workgroups = Math.min(MOST_WORKGROUPS, 2 * workgroups);
	}
	let best = Infinity;
	for (let i = 0; i < REPEATS; i++) {
		best = Math.min(best, await dispatch(workgroups));
	}
	out.destroy();
	return (FLOPS_PER_WORKGROUP * workgroups) / (best / 1000);
}
