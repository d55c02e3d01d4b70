/** WebGPU in Node: Dawn's module for Node, put where a browser has it. */

/**
 * Makes `navigator.gpu` and WebGPU's classes and constants; the function it gives takes the card away again, so that Node can end.
 * @throws Error where Dawn was not built for this machine
 */
export async function installDawn(): Promise<() => void> {
	const { create, globals } = await import('webgpu');
	Object.assign(globalThis, globals);
	// Quantised timestamps are coarser than a small kernel.
	const gpu = create(['disable-dawn-features=timestamp_quantization']);
	const navigator = { gpu: gpu as GPU | undefined };
	Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
	return () => {
		navigator.gpu = undefined;
	};
}
