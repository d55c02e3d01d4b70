/** WebGPU kernel that writes one position into a key or value cache in place (the cache tensor is the program's output). */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from './tf';

const WORKGROUP = 64;

/** cache [B, H, capacity, hd] at `position` becomes `fresh` (B*H*hd numbers in row order). */
export function appendToCache(cache: tf.Tensor4D, fresh: tf.Tensor, position: number): void {
	const [B, H, capacity, hd] = cache.shape;
	const elements = B * H * hd;
	const backend = tf.backend() as WebGPUBackend; // the GPU cache is built on this backend alone
	const program = {
		variableNames: ['fresh'],
		outputShape: [elements],
		uniforms: 'position : i32, capacity : i32, headDim : i32,',
		workgroupSize: [WORKGROUP, 1, 1] as [number, number, number],
		dispatchLayout: { x: [0] },
		dispatch: [Math.ceil(elements / WORKGROUP), 1, 1] as [number, number, number],
		shaderKey: 'tillerAppendToCache',
		size: true,
		getUserCode: () => `
			fn main(index : i32) {
				if (index < uniforms.size) {
					let row = index / uniforms.headDim;
					let i = index % uniforms.headDim;
					result[(row * uniforms.capacity + uniforms.position) * uniforms.headDim + i] = fresh[index];
				}
			}`
	};
	backend.runWebGPUProgram(
		program,
		[fresh],
		'float32',
		[
			{ type: 'int32', data: [position] },
			{ type: 'int32', data: [capacity] },
			{ type: 'int32', data: [hd] }
		],
		cache
	);
}
