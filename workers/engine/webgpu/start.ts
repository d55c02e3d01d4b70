import { StudioError } from '../../../src/protocol/errors';
import type { BackendSources, ComputeDevice } from '../device';

export async function startWebGpu(_sources: BackendSources): Promise<ComputeDevice> {
	throw new StudioError('backend-failed', 'The WebGPU kernels are not built in.');
}
