/** Finds a section by name and runs it; used by the page and by its worker. */
import type { Measurements } from '../rows';
import type { Section, SectionOptions } from '../sections/section';

const sections: Record<string, () => Promise<Section>> = {
	'wasm-step': async () => (await import('../sections/wasm-step')).wasmStep,
	'wasm-rollout': async () => (await import('../sections/wasm-rollout')).wasmRollout,
	'wasm-parity': async () => (await import('../sections/parity')).parityOf('wasm'),
	'wasm-steadiness': async () => (await import('../sections/steadiness')).steadinessOf('wasm'),
	'app-scale': async () => (await import('../sections/app-scale')).appScale,
	smoothness: async () => (await import('../sections/smoothness')).smoothness,
	'train-for-ever': async () => (await import('../sections/smoothness')).trainForEver,
	'webgpu-step': async () => (await import('../sections/gpu-step')).gpuStep,
	'webgpu-rollout': async () => (await import('../sections/gpu-rollout')).gpuRollout,
	'webgpu-parity': async () => (await import('../sections/parity')).parityOf('webgpu'),
	'webgpu-steadiness': async () => (await import('../sections/steadiness')).steadinessOf('webgpu'),
	'poor-adapters': async () => (await import('../sections/poor-adapters')).poorAdapters
};

export async function runSection(name: string, o: SectionOptions): Promise<Measurements> {
	const load = sections[name];
	if (!load) {
		throw new Error(`no section ${name}`);
	}
	return (await load())(o);
}
