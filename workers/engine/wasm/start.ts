import { StudioError } from '../../../src/protocol/errors';
import type { BackendSources, ComputeDevice } from '../device';

export async function startWasm(_sources: BackendSources): Promise<ComputeDevice> {
	throw new StudioError('backend-failed', 'The WebAssembly kernels are not built in.');
}
