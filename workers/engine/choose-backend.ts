/** Which backend to compute on, and the sentence that says why. */
import { StudioError, toStudioError } from '../../src/protocol/errors';
import type { BackendName, BackendReport } from '../../src/protocol/trainer';
import type { BackendSources, ComputeDevice } from './device';

/** Fastest first. */
const BACKEND_ORDER: readonly BackendName[] = ['webgpu', 'wasm', 'tfjs-webgpu', 'tfjs-wasm', 'cpu'];

const starters: Record<BackendName, (sources: BackendSources) => Promise<ComputeDevice>> = {
	webgpu: async (sources) => (await import('./webgpu/start')).startWebGpu(sources),
	wasm: async (sources) => (await import('./wasm/start')).startWasm(sources),
	'tfjs-webgpu': async (sources) => (await tfjs()).startTfjs('tfjs-webgpu', sources),
	'tfjs-wasm': async (sources) => (await tfjs()).startTfjs('tfjs-wasm', sources),
	cpu: async (sources) => (await tfjs()).startTfjs('cpu', sources)
};

const tfjs = () => import('./tfjs/backends');

export interface ChosenBackend {
	device: ComputeDevice;
	reason: string;
	/** Of every backend that was tried, in order. */
	reports: BackendReport[];
}

/** Start one backend and test it. The report tells a person what happened; `device` is null where it cannot be used. */
export async function startBackend(
	backend: BackendName,
	sources: BackendSources
): Promise<{ device: ComputeDevice | null; report: BackendReport }> {
	const started = performance.now();
	try {
		const device = await starters[backend](sources);
		const selfTestMs = performance.now() - started;
		const reason = 'It passed its self-test.';
		return { device, report: { backend, ok: true, reason, device: device.device, selfTestMs } };
	} catch (cause) {
		const { message } = toStudioError(cause);
		return {
			device: null,
			report: { backend, ok: false, reason: message, device: '', selfTestMs: null }
		};
	}
}

/**
 * The asked-for backend, or the first that passes its self-test and is no imitation of a graphics card.
 * @throws StudioError with the last reason if none does.
 */
export async function chooseBackend(
	wanted: BackendName | 'auto',
	sources: BackendSources
): Promise<ChosenBackend> {
	const reports: BackendReport[] = [];
	for (const backend of wanted === 'auto' ? BACKEND_ORDER : [wanted]) {
		const { device, report } = await startBackend(backend, {
			...sources,
			refuseSoftwareGpu: wanted === 'auto'
		});
		reports.push(report);
		if (device) {
			return { device, reason: describe(device, wanted, reports), reports };
		}
	}
	const tried = reports.map((r) => `${r.backend}: ${r.reason}`).join(' ');
	throw new StudioError(wanted === 'webgpu' ? 'no-webgpu' : 'backend-failed', tried, {
		detail: { reports }
	});
}

function describe(
	device: ComputeDevice,
	wanted: BackendName | 'auto',
	reports: BackendReport[]
): string {
	if (wanted !== 'auto') {
		return 'You chose it.';
	}
	const refused = reports
		.filter((r) => !r.ok)
		.map((r) => `${r.backend} was not possible: ${r.reason}`);
	return [
		...refused,
		device.backend === BACKEND_ORDER[0]
			? 'It is the fastest that passed its self-test.'
			: 'It is the next fastest that passed its self-test.'
	].join(' ');
}
