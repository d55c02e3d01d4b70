/** Reads the kernels' binaries from where the build has put them. */
import { StudioError } from '../../../src/protocol/errors';
import type { SimdLevel } from './kernels';

export function fetchKernels(
	urls: Record<SimdLevel, string>
): (level: SimdLevel) => Promise<ArrayBuffer> {
	return async (level) => {
		const response = await fetch(urls[level]);
		if (!response.ok) {
			throw new StudioError(
				'missing-file',
				`The kernels could not be loaded (${response.status}).`,
				{
					detail: { url: urls[level] }
				}
			);
		}
		return response.arrayBuffer();
	};
}
