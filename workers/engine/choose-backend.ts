/** Which backend to compute on, and the sentence that says why. */
import { StudioError } from '../../src/protocol/errors';
import type { BackendName, BackendReport } from '../../src/protocol/trainer';
import { BACKEND_ORDER, startBackend, type BackendSources, type TfjsDevice } from './tfjs/backends';

export interface ChosenBackend {
	device: TfjsDevice;
	reason: string;
	/** Of every backend that was tried, in order. */
	reports: BackendReport[];
}

/**
 * The asked-for backend, or the first of webgpu, wasm, cpu that passes its self-test.
 * @throws StudioError with the last reason if none does.
 */
export async function chooseBackend(
	wanted: BackendName | 'auto',
	sources: BackendSources
): Promise<ChosenBackend> {
	const reports: BackendReport[] = [];
	for (const backend of wanted === 'auto' ? BACKEND_ORDER : [wanted]) {
		const { device, report } = await startBackend(backend, sources);
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
	device: TfjsDevice,
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
