import type { Tensor } from './tf';

/**
 * Values of a tensor, now. Only for the cpu and wasm backends, whose data is in this thread's memory; on WebGPU a synchronous read
 * goes through a canvas and has been seen to return zeros and lose the device.
 */
export function readNow(tensor: Tensor): Float32Array {
	return tensor.dataSync<'float32'>();
}
